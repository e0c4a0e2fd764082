// SPDX-License-Identifier: Apache-2.0
// The vocabulary that every museum begins with: materials, techniques, kinds of objects and some makers whose
// names are written in several scripts. id, broader concepts, labels by language. Traditional characters and
// kanji need no label of their own where they fold to the same. A museum adds its own vocabularies beside it.
#include "search/vocabulary.h"

static const VocabularyRow rows[] = {
    // materials
    {"metal", "",
        "en:metal,metals,metalwork|fr:métal|de:Metall|es:metal|it:metallo|zh:金属,金属器|ja:金属,金工|ko:"
        "금속|ar:معدن|ru:металл"},
    {"bronze", "metal",
        "en:bronze,bronzes|fr:bronze|de:Bronze|es:bronce|it:bronzo|zh:青铜,青铜器,铜器|ja:青銅,青銅器,"
        "ブロンズ|ko:청동,청동기|ar:برونز|ru:бронза|th:สำริด|vi:đồng thau"},
    {"brass", "metal", "en:brass|fr:laiton|de:Messing|es:latón|it:ottone|zh:黄铜|ja:真鍮|ko:황동"},
    {"copper", "metal", "en:copper|fr:cuivre|de:Kupfer|es:cobre|it:rame|zh:红铜|ja:銅|ko:구리|ru:медь"},
    {"iron", "metal",
        "en:iron,wrought iron,cast "
        "iron|fr:fer,fonte|de:Eisen,Gusseisen|es:hierro|it:ferro|zh:铁,铁器|ja:鉄,鉄器|ko:철|ru:железо"},
    {"steel", "metal", "en:steel|fr:acier|de:Stahl|es:acero|it:acciaio|zh:钢|ja:鋼鉄|ko:강철"},
    {"aluminium", "metal",
        "en:aluminium,aluminum|fr:aluminium|de:Aluminium|es:aluminio|it:alluminio|zh:铝|ja:アルミニウム|ko:"
        "알루미늄"},
    {"tin", "metal", "en:tin,pewter|fr:étain|de:Zinn|es:estaño|it:stagno|zh:锡,锡器|ja:錫|ko:주석"},
    {"lead", "metal", "en:lead|fr:plomb|de:Blei|es:plomo|it:piombo|zh:铅|ja:鉛|ko:납"},
    {"gold-silver", "metal",
        "en:gold and "
        "silver|fr:orfèvrerie|de:Goldschmiedekunst,Gold- und "
        "Silberschmiedekunst|zh:金银,金银器|ja:金銀器|ko:금은,금은기|ar:مصوغات"},
    {"gold", "gold-silver",
        "en:gold,gilt,gilded|fr:or,doré|de:Gold,vergoldet|es:oro,dorado|it:oro,dorato|zh:黄金,金器,鎏金,金箔|"
        "ja:金,金製,鍍金|ko:금,금제,금동|ar:ذهب|ru:золото|th:ทองคำ"},
    {"silver", "gold-silver",
        "en:silver,silverware,sterling|fr:argent,argenterie|de:Silber|es:plata|it:argento|zh:银,银器,白银|ja:"
        "銀,銀器|ko:은,은제|ar:فضة|ru:серебро"},
    {"ceramics", "",
        "en:ceramics,ceramic,pottery|fr:céramique,céramiques,poterie|de:Keramik,Töpferware|es:cerámica|it:"
        "ceramica|nl:keramiek|zh:陶瓷,陶瓷器|ja:陶磁,陶磁器,やきもの,焼物|ko:도자기,도자|ar:خزف|ru:керамика|"
        "th:เครื่องปั้นดินเผา|vi:gốm"},
    {"porcelain", "ceramics",
        "en:porcelain,china,bone "
        "china|fr:porcelaine|de:Porzellan|es:porcelana|it:porcellana|nl:porselein|zh:瓷器,瓷|ja:磁器|ko:자기,"
        "백자|ar:بورسلين|ru:фарфор|vi:sứ"},
    {"celadon", "porcelain",
        "en:celadon,celadons|fr:céladon|de:Seladon|es:celadón|it:céladon|zh:青瓷,青釉|ja:青磁|ko:청자|ar:"
        "سيلادون"},
    {"blue-and-white", "porcelain",
        "en:blue-and-white porcelain,blue and white,blue-and-white|fr:porcelaine bleu et blanc,bleu et "
        "blanc|de:Blau-Weiß-Porzellan,blauweiß|es:azul y "
        "blanco|zh:青花,青花瓷|ja:染付,青花|ko:청화백자|ar:خزف أزرق وأبيض"},
    {"earthenware", "ceramics",
        "en:earthenware,faience,maiolica,majolica,delftware|fr:faïence,terre "
        "cuite|de:Steingut,Irdenware,Fayence|es:loza|it:maiolica|zh:陶器,彩陶|ja:土器,陶器|ko:토기,도기|ar:"
        "فخار|ru:фаянс"},
    {"stoneware", "ceramics", "en:stoneware|fr:grès|de:Steinzeug|es:gres|it:gres|zh:炻器|ja:炻器|ko:석기질"},
    {"terracotta", "ceramics",
        "en:terracotta,terra cotta|fr:terre "
        "cuite|de:Terrakotta|es:terracota|it:terracotta|zh:陶俑,兵马俑,赤陶|ja:テラコッタ,埴輪|ko:테라코타,"
        "토용|ar:تيراكوتا"},
    {"tile", "ceramics",
        "en:tile,tiles|fr:carreau|de:Fliese,Kachel|es:azulejo|it:piastrella|zh:瓷砖,瓦当|ja:タイル|ko:타일"},
    {"brick", "ceramics",
        "en:brick,bricks|fr:brique|de:Ziegel,Backstein|es:ladrillo|it:mattone|zh:砖,画像砖|ja:煉瓦|ko:벽돌"},
    {"glass", "",
        "en:glass,glassware,crystal "
        "glass|fr:verre,cristal|de:Glas|es:vidrio,cristal|it:vetro|nl:glas|zh:玻璃,琉璃,玻璃器|ja:ガラス,"
        "硝子|ko:유리|ar:زجاج|ru:стекло"},
    {"stained-glass", "glass",
        "en:stained "
        "glass|fr:vitrail,vitraux|de:Glasmalerei,Buntglas|es:vidriera|it:vetrata|zh:彩色玻璃|ja:"
        "ステンドグラス|ko:스테인드글라스"},
    {"stone", "",
        "en:stone,stone "
        "carving|fr:pierre,sculpture sur "
        "pierre|de:Stein,Steinskulptur|es:piedra|it:pietra|zh:石,石刻,石雕,石器|ja:石,石彫|ko:돌,석조|ar:حجر|"
        "ru:"
        "камень"},
    {"marble", "stone",
        "en:marble|fr:marbre|de:Marmor|es:mármol|it:marmo|zh:大理石,汉白玉|ja:大理石|ko:대리석|ar:رخام|ru:"
        "мрамор"},
    {"granite", "stone",
        "en:granite|fr:granit|de:Granit|es:granito|it:granito|zh:花岗岩|ja:花崗岩|ko:화강암"},
    {"limestone", "stone",
        "en:limestone|fr:calcaire|de:Kalkstein|es:caliza|it:calcare|zh:石灰岩|ja:石灰岩|ko:석회암"},
    {"sandstone", "stone",
        "en:sandstone|fr:grès rose|de:Sandstein|es:arenisca|it:arenaria|zh:砂岩|ja:砂岩|ko:사암"},
    {"alabaster", "stone",
        "en:alabaster|fr:albâtre|de:Alabaster|es:alabastro|it:alabastro|zh:雪花石膏|ja:アラバスター"},
    {"jade", "stone",
        "en:jade,nephrite,jadeite|fr:jade|de:Jade|es:jade|it:giada|zh:玉,玉器,翡翠|ja:翡翠,玉器|ko:옥,옥기|"
        "ar:يشم|ru:нефрит"},
    {"lacquer", "",
        "en:lacquer,lacquerware|fr:laque|de:Lack,Lackarbeit|es:laca|it:lacca|zh:漆器,漆|ja:漆器,漆,蒔絵|ko:"
        "칠기,나전칠기|ar:لك,لاكيه"},
    {"ivory", "", "en:ivory|fr:ivoire|de:Elfenbein|es:marfil|it:avorio|zh:象牙,牙雕|ja:象牙|ko:상아|ar:عاج"},
    {"bone", "", "en:bone|fr:os|de:Bein,Knochen|es:hueso|it:osso|zh:骨,骨器|ja:骨|ko:뼈"},
    {"horn", "", "en:horn,rhinoceros horn|fr:corne|de:Horn|es:cuerno|it:corno|zh:犀角|ja:角|ko:뿔"},
    {"shell", "",
        "en:shell,mother of "
        "pearl,mother-of-pearl|fr:nacre|de:Perlmutt|es:nácar|it:madreperla|zh:贝壳,螺钿|ja:螺鈿|ko:나전"},
    {"wood", "",
        "en:wood,wooden,woodcarving,wood "
        "carving|fr:bois|de:Holz|es:madera|it:legno|nl:hout|zh:木,木雕,木器|ja:木,木彫,木製|ko:나무,목조,"
        "목기|ar:خشب|ru:дерево"},
    {"bamboo", "", "en:bamboo|fr:bambou|de:Bambus|es:bambú|it:bambù|zh:竹,竹雕,竹简|ja:竹,竹工|ko:대나무"},
    {"leather", "", "en:leather|fr:cuir|de:Leder|es:cuero|it:cuoio|zh:皮革|ja:革,皮革|ko:가죽"},
    {"parchment", "",
        "en:parchment,vellum|fr:parchemin|de:Pergament|es:pergamino|it:pergamena|zh:羊皮纸|ja:羊皮紙"},
    {"plaster", "",
        "en:plaster,plaster cast,plaster "
        "casts,stucco,gypsum|fr:plâtre|de:Gips,Stuck|es:yeso|it:gesso|zh:石膏|ja:石膏|ko:석고"},
    {"plastic", "",
        "en:plastic,acrylic "
        "glass,resin|fr:plastique|de:Kunststoff|es:plástico|it:plastica|zh:塑料|ja:プラスチック|ko:플라스틱"},
    {"paper", "", "en:paper|fr:papier|de:Papier|es:papel|it:carta|zh:纸,纸本|ja:紙,紙本|ko:종이,지본|ar:ورق"},
    {"enamel", "",
        "en:enamel,cloisonné,cloisonne|fr:émail,cloisonné|de:Email,Emaille|es:esmalte|it:smalto|zh:珐琅,"
        "景泰蓝|ja:七宝|ko:칠보"},
    // textiles
    {"textile", "",
        "en:textile,textiles,fabric,fabrics,cloth|fr:textile,tissu|de:Textil,Stoff,Gewebe|es:textil,tejido|"
        "it:tessuto|zh:织物,纺织品,织绣|ja:染織,織物,布|ko:직물,섬유|ar:نسيج|ru:ткань"},
    {"silk", "textile",
        "en:silk,silks,brocade|fr:soie,brocart|de:Seide,Brokat|es:seda|it:seta|zh:丝绸,丝,绢,绢本,锦|ja:絹,"
        "絹本,錦|ko:비단,견본|ar:حرير|ru:шёлк"},
    {"cotton", "textile", "en:cotton|fr:coton|de:Baumwolle|es:algodón|it:cotone|zh:棉,棉布|ja:木綿,綿|ko:면"},
    {"linen", "textile", "en:linen|fr:lin|de:Leinen|es:lino|it:lino|zh:亚麻|ja:麻|ko:마"},
    {"wool", "textile", "en:wool|fr:laine|de:Wolle|es:lana|it:lana|zh:羊毛,毛织|ja:羊毛|ko:양모"},
    {"embroidery", "textile",
        "en:embroidery|fr:broderie|de:Stickerei|es:bordado|it:ricamo|zh:刺绣|ja:刺繍|ko:자수"},
    {"tapestry", "textile",
        "en:tapestry,tapestries|fr:tapisserie|de:Wandteppich,Tapisserie|es:tapiz|it:arazzo|zh:缂丝,挂毯|ja:"
        "綴織,タペストリー|ko:태피스트리"},
    {"carpet", "textile",
        "en:carpet,carpets,rug,rugs|fr:tapis|de:Teppich|es:alfombra|it:tappeto|zh:地毯|ja:絨毯|ko:카펫"},
    {"lace", "textile", "en:lace|fr:dentelle|de:Spitze|es:encaje|it:merletto|zh:花边|ja:レース"},
    {"costume", "textile",
        "en:costume,dress,clothing,garment,robe|fr:costume,vêtement,robe|de:Kleidung,Kostüm,Gewand|es:"
        "vestido,traje|it:abito,costume|zh:服饰,服装,衣|ja:衣装,服飾,着物|ko:의복,복식|ar:ملابس,أزياء"},
    // pictures
    {"painting", "",
        "en:painting,paintings|fr:peinture,tableau|de:Gemälde,Malerei|es:pintura|it:pittura,dipinto|nl:"
        "schilderij|zh:绘画,画,国画|ja:絵画|ko:회화,그림|ar:لوحة,رسم|ru:живопись,картина"},
    {"oil-painting", "painting",
        "en:oil painting,oil on canvas,oil paint on canvas,oil paint,oils|fr:peinture à l'huile,huile sur "
        "toile|de:Ölgemälde,Öl auf Leinwand|es:óleo|it:olio su tela|zh:油画|ja:油彩,油絵|ko:유화|ar:لوحة "
        "زيتية"},
    {"watercolour", "painting",
        "en:watercolour,watercolor,watercolours,watercolors,gouache|fr:aquarelle|de:Aquarell|es:acuarela|it:"
        "acquerello|zh:水彩,水彩画|ja:水彩,水彩画|ko:수채화|ar:ألوان مائية"},
    {"ink-painting", "painting",
        "en:ink painting,ink on paper,ink on silk|fr:peinture à "
        "l'encre|de:Tuschmalerei|zh:水墨,水墨画|ja:水墨画,墨画|ko:수묵화"},
    {"mural", "painting",
        "en:mural,murals,wall painting,wall paintings,fresco,frescoes|fr:peinture "
        "murale,fresque|de:Wandmalerei,Fresko|es:mural,fresco|it:affresco|zh:壁画|ja:壁画|ko:벽화|ar:جدارية"},
    {"handscroll", "painting",
        "en:handscroll,handscrolls,hand "
        "scroll,scroll|fr:rouleau|de:Querrolle,Handrolle|zh:手卷,长卷,卷轴,图卷|ja:巻物,絵巻|ko:두루마리"},
    {"hanging-scroll", "painting",
        "en:hanging scroll,hanging scrolls|fr:rouleau "
        "vertical|de:Hängerolle|zh:立轴,挂轴|ja:掛軸,軸装|ko:족자"},
    {"screen", "",
        "en:folding "
        "screen,screen|fr:paravent|de:Stellschirm,Wandschirm|es:biombo|it:paravento|zh:屏风,漆屏|ja:屏風|ko:"
        "병풍"},
    {"fan", "",
        "en:folding "
        "fan,fan|fr:éventail|de:Fächer|es:abanico|it:ventaglio|zh:扇,扇面,折扇|ja:扇,扇面,扇子|ko:부채"},
    {"icon", "painting", "en:icon,icons|fr:icône|de:Ikone|es:icono|it:icona|zh:圣像|ja:イコン|ru:икона"},
    {"thangka", "painting", "en:thangka,thangkas,tangka|fr:thangka|de:Thangka|zh:唐卡|ja:タンカ,仏画"},
    {"miniature", "painting",
        "en:miniature,miniatures|fr:miniature|de:Miniatur|es:miniatura|it:miniatura|zh:细密画|ja:細密画"},
    {"portrait", "",
        "en:portrait,portraits|fr:portrait|de:Porträt,Bildnis|es:retrato|it:ritratto|zh:肖像,画像|ja:肖像,"
        "肖像画|ko:초상,초상화|ru:портрет"},
    {"landscape", "",
        "en:landscape,landscapes|fr:paysage|de:Landschaft|es:paisaje|it:paesaggio|zh:山水,风景|ja:山水,"
        "風景画|ko:풍경,산수|ru:пейзаж"},
    {"still-life", "",
        "en:still life,still lifes|fr:nature morte|de:Stillleben|es:bodegón|it:natura "
        "morta|zh:静物|ja:静物|ko:정물|ru:натюрморт"},
    {"calligraphy", "",
        "en:calligraphy|fr:calligraphie|de:Kalligraphie,Kalligrafie|es:caligrafía|it:calligrafia|zh:书法,"
        "法书|ja:書道,書|ko:서예|ar:خط|ru:каллиграфия"},
    {"rubbing", "", "en:rubbing,rubbings|fr:estampage|de:Abreibung|zh:拓片,拓本|ja:拓本|ko:탁본"},
    {"drawing", "",
        "en:drawing,drawings,sketch,sketches,graphite on paper,pencil on "
        "paper|fr:dessin,croquis|de:Zeichnung,Skizze|es:dibujo|it:disegno|nl:tekening|zh:素描,速写|ja:素描,"
        "デッサン|ko:소묘,드로잉|ar:رسم|ru:рисунок"},
    {"pastel", "drawing",
        "en:pastel,pastels|fr:pastel|de:Pastell|es:pastel|it:pastello|zh:粉彩画,色粉画|ja:パステル"},
    {"collage", "",
        "en:collage,collages|fr:collage|de:Collage|es:collage|it:collage|zh:拼贴|ja:コラージュ|ko:콜라주"},
    {"print", "",
        "en:print,prints,on paper "
        "print|fr:estampe,gravure|de:Druckgraphik,Druckgrafik|es:grabado,estampa|it:stampa|nl:prent|zh:版画|"
        "ja:版画|ko:판화|ar:طباعة|ru:гравюра"},
    {"woodblock-print", "print",
        "en:woodblock print,woodcut,woodcuts,wood engraving,woodblock|fr:gravure sur "
        "bois,xylographie|de:Holzschnitt|es:xilografía|it:xilografia|zh:木版画,木刻,浮世绘|ja:木版画,浮世絵,"
        "錦絵|ko:목판화|ar:نقش خشبي"},
    {"engraving", "print",
        "en:engraving,engravings,line engraving,mezzotint|fr:gravure au "
        "burin,burin|de:Kupferstich|es:grabado a "
        "buril|it:incisione|zh:铜版画|ja:銅版画,エングレービング|ko:동판화|ar:نقش,حفر"},
    {"etching", "print",
        "en:etching,etchings,aquatint,drypoint|fr:eau-forte,eaux-fortes|de:Radierung|es:aguafuerte|it:"
        "acquaforte|zh:蚀刻版画,蚀刻|ja:エッチング|ko:에칭|ar:حفر بالحمض"},
    {"lithograph", "print",
        "en:lithograph,lithographs,lithography|fr:lithographie|de:Lithographie,Lithografie|es:litografía|it:"
        "litografia|zh:石版画,石印|ja:石版画,リトグラフ|ko:석판화|ar:طباعة حجرية"},
    {"screenprint", "print",
        "en:screenprint,screenprints,screen "
        "print,silkscreen,serigraph|fr:sérigraphie|de:Siebdruck|es:serigrafía|it:serigrafia|zh:丝网版画|ja:"
        "シルクスクリーン|ko:실크스크린"},
    {"poster", "print",
        "en:poster,posters|fr:affiche|de:Plakat|es:cartel|it:manifesto|zh:海报,招贴|ja:ポスター|ko:포스터|ru:"
        "плакат"},
    {"photograph", "",
        "en:photograph,photographs,photography,photo,gelatin silver print,albumen "
        "print,daguerreotype,photographic "
        "negative|fr:photographie,photo|de:Fotografie,Photographie,Foto|es:fotografía|it:fotografia|nl:foto|"
        "zh:摄影,照片|ja:写真|ko:사진|ar:صورة فوتوغرافية|ru:фотография"},
    {"film", "",
        "en:film,films,video,moving "
        "image|fr:film,vidéo|de:Film,Video|es:película,vídeo|it:film|zh:电影,影像,录像|ja:映画,映像|ko:영화,"
        "영상"},
    // things
    {"sculpture", "",
        "en:sculpture,sculptures,statue,statues,statuette,relief|fr:sculpture,statue|de:Skulptur,Plastik,"
        "Statue|es:escultura,estatua|it:scultura,statua|nl:beeldhouwwerk|zh:雕塑,造像,石像,雕像|ja:彫刻,彫像,"
        "仏像|ko:조각,조각상|ar:نحت,تمثال|ru:скульптура"},
    {"buddha", "sculpture",
        "en:Buddha,Bodhisattva|fr:Bouddha|de:Buddha|es:Buda|it:Buddha|zh:佛像,佛,菩萨|ja:仏像,菩薩|ko:불상,"
        "보살|th:พระพุทธรูป|lo:ພະພຸດທະຮູບ|km:ព្រះពុទ្ធ"},
    {"stele", "sculpture",
        "en:stele,stela,stelae|fr:stèle|de:Stele|es:estela|it:stele|zh:碑,石碑|ja:石碑|ko:비석"},
    {"mask", "",
        "en:mask,masks|fr:masque|de:Maske|es:máscara|it:maschera|zh:面具|ja:仮面,能面|ko:탈,가면|ru:маска"},
    {"vase", "",
        "en:vase,vases|fr:vase|de:Vase|es:jarrón,florero|it:vaso|nl:vaas|zh:瓶,花瓶|ja:花瓶,瓶|ko:꽃병,병|ar:"
        "مزهرية|ru:ваза"},
    {"bowl", "",
        "en:bowl,bowls|fr:bol,coupe|de:Schale,Schüssel|es:cuenco|it:ciotola|zh:碗|ja:碗,鉢|ko:사발,완|ru:"
        "чаша"},
    {"dish", "",
        "en:dish,plate,dishes,plates|fr:assiette,plat|de:Teller,Platte|es:plato|it:piatto|zh:盘,碟|ja:皿,盤|"
        "ko:접시|ru:блюдо"},
    {"cup", "",
        "en:cup,cups,goblet,beaker|fr:tasse,gobelet|de:Tasse,Becher,Pokal|es:taza,copa|it:tazza,coppa|zh:杯|"
        "ja:杯,盃|ko:잔"},
    {"ewer", "",
        "en:ewer,jug,pitcher|fr:aiguière,cruche|de:Kanne,Krug|es:jarra|it:brocca|zh:壶,执壶|ja:水注,壺|ko:"
        "주전자"},
    {"teapot", "",
        "en:teapot,teapots|fr:théière|de:Teekanne|es:tetera|it:teiera|zh:茶壶,紫砂壶|ja:急須,茶瓶|ko:"
        "찻주전자|ru:чайник"},
    {"jar", "", "en:jar,jars|fr:jarre,pot|de:Topf,Krug|es:tarro|it:giara|zh:罐,瓮|ja:壺,甕|ko:항아리,호"},
    {"box", "",
        "en:box,boxes,casket|fr:boîte,coffret|de:Dose,Kasten,Schatulle|es:caja|it:scatola|zh:盒,匣|ja:箱|ko:"
        "상자,합"},
    {"incense-burner", "",
        "en:incense "
        "burner,censer|fr:brûle-parfum|de:Räuchergefäß|es:incensario|it:incensiere|zh:香炉,熏炉|ja:香炉|ko:"
        "향로"},
    {"ding", "", "en:ding tripod,ritual vessel,tripod|fr:vase rituel|de:Ritualgefäß|zh:鼎,礼器|ja:鼎|ko:정"},
    {"bell", "", "en:bell,bells|fr:cloche|de:Glocke|es:campana|it:campana|zh:钟,编钟,铃|ja:鐘,鈴|ko:종"},
    {"mirror", "",
        "en:mirror,mirrors|fr:miroir|de:Spiegel|es:espejo|it:specchio|zh:铜镜,镜|ja:鏡,銅鏡|ko:거울,동경|ar:"
        "مرآة|ru:зеркало"},
    {"coin", "",
        "en:coin,coins|fr:monnaie,pièce de "
        "monnaie|de:Münze|es:moneda|it:moneta|zh:钱币,硬币,铜钱|ja:貨幣,硬貨,銭|ko:동전,화폐|ar:عملة|ru:"
        "монета"},
    {"medal", "",
        "en:medal,medals,medallion|fr:médaille|de:Medaille|es:medalla|it:medaglia|zh:奖章,纪念章|ja:メダル|"
        "ko:메달"},
    {"seal", "",
        "en:seal,seals,seal "
        "stone|fr:sceau|de:Siegel|es:sello|it:sigillo|zh:印章,玺,玉玺,印|ja:印章,印|ko:인장,도장|ar:ختم"},
    {"jewellery", "",
        "en:jewellery,jewelry,necklace,ring,brooch,earring,bracelet|fr:bijou,bijoux|de:Schmuck|es:joya|it:"
        "gioielli|zh:首饰,珠宝|ja:装身具,宝飾|ko:장신구|ar:مجوهرات|ru:украшение"},
    {"weapon", "",
        "en:weapon,weapons,arms|fr:arme,armes|de:Waffe|es:arma|it:arma|zh:兵器,武器|ja:武器|ko:무기|ru:"
        "оружие"},
    {"sword", "weapon",
        "en:sword,swords|fr:épée|de:Schwert|es:espada|it:spada|zh:剑,刀剑|ja:刀,刀剣,剣|ko:검,칼|ru:меч"},
    {"armour", "",
        "en:armour,armor,helmet|fr:armure|de:Rüstung,Harnisch|es:armadura|it:armatura|zh:盔甲,甲胄|ja:甲冑,"
        "鎧|ko:갑옷"},
    {"clock", "",
        "en:clock,clocks,watch,watches|fr:horloge,pendule,montre|de:Uhr|es:reloj|it:orologio|zh:钟表,时钟|ja:"
        "時計|ko:시계|ru:часы"},
    {"lamp", "",
        "en:lamp,lamps,lighting device,lighting "
        "devices,candlestick|fr:lampe,chandelier|de:Lampe,Leuchter|es:lámpara|it:lampada|zh:灯,宫灯|ja:灯,"
        "ランプ|ko:등,등잔"},
    {"furniture", "",
        "en:furniture|fr:meuble,mobilier|de:Möbel|es:mueble|it:mobili|zh:家具,家俱,傢俱|ja:家具|ko:가구|ar:"
        "أثاث|ru:"
        "мебель"},
    {"chair", "furniture",
        "en:chair,chairs,armchair,seat|fr:chaise,fauteuil,siège|de:Stuhl,Sessel|es:silla|it:sedia|zh:椅,椅子|"
        "ja:椅子|ko:의자|ru:стул"},
    {"table", "furniture",
        "en:table,tables,desk|fr:table,bureau|de:Tisch|es:mesa|it:tavolo|zh:桌,案,几|ja:机,卓|ko:탁자|ru:"
        "стол"},
    {"cabinet", "furniture",
        "en:cabinet,cupboard,chest|fr:armoire,commode|de:Schrank,Truhe,Kommode|es:armario|it:armadio|zh:柜,"
        "橱|ja:箪笥,戸棚|ko:장,농"},
    {"musical-instrument", "",
        "en:musical instrument,musical instruments|fr:instrument de "
        "musique|de:Musikinstrument|es:instrumento musical|it:strumento "
        "musicale|zh:乐器|ja:楽器|ko:악기|ar:آلة موسيقية"},
    {"book", "",
        "en:book,books|fr:livre,livres|de:Buch|es:libro|it:libro|nl:boek|zh:书籍,图书,古籍,刻本|ja:書籍,本,"
        "図書|ko:책,서적|ar:كتاب|ru:книга"},
    {"manuscript", "book",
        "en:manuscript,manuscripts|fr:manuscrit|de:Handschrift,Manuskript|es:manuscrito|it:manoscritto|zh:"
        "写本,手稿,抄本|ja:写本,手稿|ko:필사본|ar:مخطوطة|ru:рукопись"},
    {"letter", "",
        "en:letter,letters,correspondence|fr:lettre|de:Brief|es:carta|it:lettera|zh:书信,尺牍|ja:書簡,手紙,"
        "尺牘|ko:편지"},
    {"map", "",
        "en:map,maps|fr:carte,plan|de:Landkarte,Karte|es:mapa|it:mappa|zh:地图,舆图|ja:地図,絵図,古地図|ko:"
        "지도|ar:خريطة|"
        "ru:карта"},
    {"newspaper", "",
        "en:newspaper,newspapers|fr:journal|de:Zeitung|es:periódico|it:giornale|zh:报纸|ja:新聞|ko:신문|ru:"
        "газета"},
    {"stamp", "",
        "en:postage stamp,stamps|fr:timbre|de:Briefmarke|es:sello "
        "postal|it:francobollo|zh:邮票|ja:切手|ko:우표"},
    {"toy", "",
        "en:toy,toys,doll,dolls|fr:jouet,poupée|de:Spielzeug,Puppe|es:juguete|it:giocattolo|zh:玩具,人偶|ja:"
        "玩具,人形|ko:장난감,인형|ru:игрушка"},
    {"tool", "",
        "en:tool,tools|fr:outil|de:Werkzeug|es:herramienta|it:attrezzo|zh:工具|ja:道具,工具|ko:도구"},
    {"tomb-figure", "sculpture",
        "en:tomb figure,burial figure|fr:figurine funéraire|de:Grabfigur|zh:俑,陶俑|ja:俑|ko:도용"},
    {"relic", "",
        "en:reliquary,reliquaries,relic|fr:reliquaire|de:Reliquiar|es:relicario|it:reliquiario|zh:舍利,"
        "舍利函|ja:舎利容器|ko:사리"},
    {"architecture", "",
        "en:architecture,architectural element,architectural elements,architectural model,architectural "
        "drawing|fr:architecture|de:Architektur|es:arquitectura|it:architettura|zh:建筑|ja:建築|ko:건축|ru:"
        "архитектура"},
    {"installation", "",
        "en:installation,installations|fr:installation|de:Installation|es:instalación|it:installazione|zh:"
        "装置,装置艺术|ja:インスタレーション|ko:설치"},
    {"textile-printing-block", "",
        "en:printing block,printing blocks,block for printing,printing plate,printing plates|fr:planche "
        "gravée|de:Druckstock,Druckplatte|zh:印版,雕版|ja:版木|ko:목판"},
    // makers whose names people write in another script than the record does
    {"person-hokusai", "", "en:Hokusai,Katsushika Hokusai|ja:北斎,葛飾北斎|ko:호쿠사이|ru:Хокусай"},
    {"person-hiroshige", "", "en:Hiroshige,Utagawa Hiroshige|ja:広重,歌川広重|ru:Хиросигэ"},
    {"person-utamaro", "", "en:Utamaro,Kitagawa Utamaro|ja:歌麿,喜多川歌麿"},
    {"person-sharaku", "", "en:Sharaku,Toshusai Sharaku|ja:写楽,東洲斎写楽"},
    {"person-kuniyoshi", "", "en:Kuniyoshi,Utagawa Kuniyoshi|ja:国芳,歌川国芳"},
    {"person-kunisada", "", "en:Kunisada,Utagawa Kunisada|ja:国貞,歌川国貞"},
    {"person-harunobu", "", "en:Harunobu,Suzuki Harunobu|ja:春信,鈴木春信"},
    {"person-yoshitoshi", "", "en:Yoshitoshi,Tsukioka Yoshitoshi|ja:芳年,月岡芳年"},
    {"person-hasui", "", "en:Kawase Hasui,Hasui|ja:川瀬巴水,巴水"},
    {"person-korin", "", "en:Ogata Korin,Korin|ja:尾形光琳,光琳"},
    {"person-sesshu", "", "en:Sesshu,Sesshu Toyo|ja:雪舟"},
    {"person-gu-kaizhi", "", "en:Gu Kaizhi|zh:顾恺之"},
    {"person-wang-xizhi", "", "en:Wang Xizhi|zh:王羲之"},
    {"person-bada-shanren", "", "en:Bada Shanren,Zhu Da|zh:八大山人,朱耷"},
    {"person-shitao", "", "en:Shitao|zh:石涛"},
    {"person-tang-yin", "", "en:Tang Yin|zh:唐寅,唐伯虎"},
    {"person-qi-baishi", "", "en:Qi Baishi|zh:齐白石"},
    {"person-zhang-daqian", "", "en:Zhang Daqian,Chang Dai-chien|zh:张大千"},
    {"person-xu-beihong", "", "en:Xu Beihong|zh:徐悲鸿"},
    {"person-castiglione", "", "en:Giuseppe Castiglione,Lang Shining|zh:郎世宁"},
    {"person-rembrandt", "",
        "en:Rembrandt,Rembrandt van Rijn|zh:伦勃朗|ja:レンブラント|ko:렘브란트|ru:Рембрандт"},
    {"person-van-gogh", "", "en:van Gogh,Vincent van Gogh|zh:梵高,凡高|ja:ゴッホ|ko:고흐|ru:Ван Гог"},
    {"person-monet", "", "en:Monet,Claude Monet|zh:莫奈|ja:モネ|ko:모네|ru:Моне"},
    {"person-manet", "", "en:Manet,Édouard Manet|zh:马奈|ja:マネ|ko:마네"},
    {"person-renoir", "", "en:Renoir|zh:雷诺阿|ja:ルノワール|ko:르누아르|ru:Ренуар"},
    {"person-cezanne", "", "en:Cézanne,Paul Cézanne|zh:塞尚|ja:セザンヌ|ko:세잔|ru:Сезанн"},
    {"person-degas", "", "en:Degas,Edgar Degas|zh:德加|ja:ドガ|ko:드가"},
    {"person-picasso", "", "en:Picasso,Pablo Picasso|zh:毕加索|ja:ピカソ|ko:피카소|ru:Пикассо"},
    {"person-matisse", "", "en:Matisse,Henri Matisse|zh:马蒂斯|ja:マティス|ko:마티스|ru:Матисс"},
    {"person-leonardo", "",
        "en:Leonardo da Vinci|fr:Léonard de "
        "Vinci|zh:达芬奇,达·芬奇|ja:レオナルド・ダ・ヴィンチ|ko:레오나르도 다 빈치|ru:Леонардо да Винчи"},
    {"person-michelangelo", "",
        "en:Michelangelo|fr:Michel-Ange|zh:米开朗基罗|ja:ミケランジェロ|ko:미켈란젤로"},
    {"person-raphael", "", "en:Raphael|fr:Raphaël|it:Raffaello|zh:拉斐尔|ja:ラファエロ|ko:라파엘로"},
    {"person-titian", "", "en:Titian|fr:Titien|it:Tiziano|de:Tizian|zh:提香|ja:ティツィアーノ"},
    {"person-rubens", "", "en:Rubens,Peter Paul Rubens|zh:鲁本斯|ja:ルーベンス|ko:루벤스"},
    {"person-vermeer", "", "en:Vermeer,Johannes Vermeer|zh:维米尔|ja:フェルメール|ko:페르메이르"},
    {"person-durer", "", "en:Albrecht Dürer,Dürer|zh:丢勒|ja:デューラー|ko:뒤러|ru:Дюрер"},
    {"person-goya", "", "en:Goya,Francisco Goya|zh:戈雅|ja:ゴヤ|ko:고야"},
    {"person-velazquez", "", "en:Velázquez|zh:委拉斯开兹|ja:ベラスケス"},
    {"person-turner", "",
        "en:Joseph Mallord William Turner,J M W Turner,William Turner|zh:透纳|ja:ターナー|ko:터너|ru:Тёрнер"},
    {"person-constable", "", "en:John Constable|zh:康斯太勃尔|ja:コンスタブル"},
    {"person-rodin", "", "en:Rodin,Auguste Rodin|zh:罗丹|ja:ロダン|ko:로댕|ru:Роден"},
    {"person-warhol", "", "en:Andy Warhol,Warhol|zh:沃霍尔|ja:ウォーホル|ko:워홀"},
    {"person-repin", "", "en:Ilya Repin,Repin|zh:列宾|ja:レーピン|ru:Репин,Илья Репин"},
    {"person-kandinsky", "", "en:Kandinsky,Wassily Kandinsky|zh:康定斯基|ja:カンディンスキー|ru:Кандинский"},
};

const VocabularyRow *vocabulary_starter(size_t *ret_count)
{
    *ret_count = COUNT_OF(rows);
    return rows;
}
