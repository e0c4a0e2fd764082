// SPDX-License-Identifier: Apache-2.0
// Periods and reigns by name. Boundaries are those in common use (Xia-Shang-Zhou Chronology Project for the
// oldest Chinese ones); scholars differ by years, for search by century that is enough. Years are
// astronomical.
#include "ingest/periods.h"

#include "base/utf8.h"

typedef struct {
    const char *name;
    int earliest, latest;
    bool reign; // counts years from its first: 明治12年; narrower than the dynasty it stands beside
} Named;

static const Named NAMED[] = {
    {"旧石器", -2499999, -9999, false},
    {"舊石器", -2499999, -9999, false},
    {"新石器", -9999, -1999, false},
    {"夏", -2069, -1599, false},
    {"商", -1599, -1045, false},
    {"西周", -1045, -770, false},
    {"东周", -769, -255, false},
    {"東周", -769, -255, false},
    {"周", -1045, -255, false},
    {"春秋", -769, -475, false},
    {"战国", -474, -220, false},
    {"戰國", -474, -220, false},
    {"秦", -220, -206, false},
    {"西汉", -205, 8, false},
    {"西漢", -205, 8, false},
    {"汉", -205, 220, false},
    {"漢", -205, 220, false},
    {"东汉", 25, 220, false},
    {"東漢", 25, 220, false},
    {"三国", 220, 280, false},
    {"三國", 220, 280, false},
    {"西晋", 266, 316, false},
    {"西晉", 266, 316, false},
    {"东晋", 317, 420, false},
    {"東晉", 317, 420, false},
    {"十六国", 304, 439, false},
    {"十六國", 304, 439, false},
    {"南北朝", 420, 589, false},
    {"北朝", 386, 581, false},
    {"南朝", 420, 589, false},
    {"北魏", 386, 534, false},
    {"东魏", 534, 550, false},
    {"西魏", 535, 556, false},
    {"北齐", 550, 577, false},
    {"北齊", 550, 577, false},
    {"北周", 557, 581, false},
    {"隋", 581, 618, false},
    {"唐", 618, 907, false},
    {"五代", 907, 979, false},
    {"北宋", 960, 1127, false},
    {"南宋", 1127, 1279, false},
    {"宋", 960, 1279, false},
    {"辽", 916, 1125, false},
    {"遼", 916, 1125, false},
    {"西夏", 1038, 1227, false},
    {"金", 1115, 1234, false},
    {"元", 1271, 1368, false},
    {"明", 1368, 1644, false},
    {"清", 1644, 1911, false},
    {"民国", 1912, 1949, true},
    {"民國", 1912, 1949, true},
    {"洪武", 1368, 1398, true},
    {"永乐", 1403, 1424, true},
    {"永樂", 1403, 1424, true},
    {"宣德", 1426, 1435, true},
    {"正统", 1436, 1449, true},
    {"景泰", 1450, 1456, true},
    {"成化", 1465, 1487, true},
    {"弘治", 1488, 1505, true},
    {"正德", 1506, 1521, true},
    {"嘉靖", 1522, 1566, true},
    {"隆庆", 1567, 1572, true},
    {"隆慶", 1567, 1572, true},
    {"万历", 1573, 1620, true},
    {"萬曆", 1573, 1620, true},
    {"天启", 1621, 1627, true},
    {"天啟", 1621, 1627, true},
    {"崇祯", 1628, 1644, true},
    {"崇禎", 1628, 1644, true},
    {"顺治", 1644, 1661, true},
    {"順治", 1644, 1661, true},
    {"康熙", 1662, 1722, true},
    {"雍正", 1723, 1735, true},
    {"乾隆", 1736, 1795, true},
    {"嘉庆", 1796, 1820, true},
    {"嘉慶", 1796, 1820, true},
    {"道光", 1821, 1850, true},
    {"咸丰", 1851, 1861, true},
    {"咸豐", 1851, 1861, true},
    {"同治", 1862, 1874, true},
    {"光绪", 1875, 1908, true},
    {"光緒", 1875, 1908, true},
    {"宣统", 1909, 1911, true},
    {"宣統", 1909, 1911, true},
    {"縄文", -13999, -399, false},
    {"弥生", -399, 250, false},
    {"古墳", 250, 592, false},
    {"飛鳥", 592, 710, false},
    {"奈良", 710, 794, false},
    {"平安", 794, 1185, false},
    {"鎌倉", 1185, 1333, false},
    {"室町", 1336, 1573, false},
    {"桃山", 1573, 1603, false},
    {"江戸", 1603, 1868, false},
    {"明治", 1868, 1912, true},
    {"大正", 1912, 1926, true},
    {"昭和", 1926, 1989, true},
    {"平成", 1989, 2019, true},
    {"令和", 2019, 2050, true},
    {"高麗", 918, 1392, false},
    {"朝鮮", 1392, 1897, false},
    {"고려", 918, 1392, false},
    {"조선", 1392, 1897, false},
};

// In Latin letters only beside a word that says so: "Ming dynasty", "Edo period", "Meiji era".
static const Named LATIN[] = {
    {"shang", -1599, -1045, false},
    {"western zhou", -1045, -770, false},
    {"eastern zhou", -769, -255, false},
    {"zhou", -1045, -255, false},
    {"qin", -220, -206, false},
    {"western han", -205, 8, false},
    {"eastern han", 25, 220, false},
    {"han", -205, 220, false},
    {"northern wei", 386, 534, false},
    {"northern qi", 550, 577, false},
    {"sui", 581, 618, false},
    {"tang", 618, 907, false},
    {"liao", 916, 1125, false},
    {"northern song", 960, 1127, false},
    {"southern song", 1127, 1279, false},
    {"song", 960, 1279, false},
    {"yuan", 1271, 1368, false},
    {"ming", 1368, 1644, false},
    {"qing", 1644, 1911, false},
    {"jomon", -13999, -399, false},
    {"yayoi", -399, 250, false},
    {"nara", 710, 794, false},
    {"heian", 794, 1185, false},
    {"kamakura", 1185, 1333, false},
    {"muromachi", 1336, 1573, false},
    {"momoyama", 1573, 1603, false},
    {"edo", 1603, 1868, false},
    {"meiji", 1868, 1912, false},
    {"taisho", 1912, 1926, false},
    {"showa", 1926, 1989, false},
    {"goryeo", 918, 1392, false},
    {"joseon", 1392, 1897, false},
    {"kangxi", 1662, 1722, false},
    {"yongzheng", 1723, 1735, false},
    {"qianlong", 1736, 1795, false},
};

static void widen(PeriodMatch *match, int earliest, int latest)
{
    match->earliest = match->found ? MIN_OF(match->earliest, earliest) : earliest;
    match->latest = match->found ? MAX_OF(match->latest, latest) : latest;
    match->found = true;
}

static const Named *longest_at(Str rest)
{
    const Named *best = NULL;
    for (size_t i = 0; i < COUNT_OF(NAMED); i++)
        if (str_starts(rest, str_from(NAMED[i].name)) &&
            (!best || strlen(NAMED[i].name) > strlen(best->name)))
            best = &NAMED[i];
    return best;
}

// "12年" or "元年" right after a reign: the one year.
static bool year_of_reign(Str rest, const Named *reign, int *ret)
{
    size_t at = 0;
    int number = 0;
    while (at < rest.n && at < 3 && rest.p[at] >= '0' && rest.p[at] <= '9')
        number = number * 10 + rest.p[at++] - '0';
    if (at == 0 && str_starts(rest, S("元年")))
        return *ret = reign->earliest, true;
    if (number < 1 || !str_starts(str_slice(rest, at, rest.n), S("年")))
        return false;
    return *ret = MIN_OF(reign->earliest + number - 1, reign->latest), true;
}

PeriodMatch periods_match(Str text)
{
    PeriodMatch dynasty = {0}, reign = {0};
    bool is_short = utf8_count(text) <= 8; // a name of one character is a name only where little else is said
    for (size_t at = 0; at < text.n;) {
        bool ascii =
            !(text.p[at] & 0x80); // most dates have no other character, and no name here begins with one
        const Named *named = ascii ? NULL : longest_at(str_slice(text, at, text.n));
        if (!named || (strlen(named->name) <= 3 && !is_short)) {
            at += MAX_OF(utf8_length_at(text, at), (size_t)1);
            continue;
        }
        at += strlen(named->name);
        int year;
        if (named->reign && year_of_reign(str_slice(text, at, text.n), named, &year)) {
            widen(&reign, year, year);
            reign.exact = true;
        } else {
            widen(named->reign ? &reign : &dynasty, named->earliest, named->latest);
        }
    }
    return reign.found ? reign : dynasty;
}

static bool word_before(Str text, size_t end, Str word)
{
    if (end < word.n || !str_eq(str_slice(text, end - word.n, end), word))
        return false;
    return end == word.n || text.p[end - word.n - 1] == ' ' || text.p[end - word.n - 1] == '(';
}

PeriodMatch periods_match_latin(Str lower)
{
    static const char *const MARKS[] = {" dynasty", " period", " era", "-zeit", "-dynastie"};
    PeriodMatch match = {0};
    for (size_t m = 0; m < COUNT_OF(MARKS); m++) {
        Str rest = lower, mark = str_from(MARKS[m]);
        size_t at, passed = 0;
        while (str_find(rest, mark, &at)) {
            const Named *best = NULL;
            for (size_t i = 0; i < COUNT_OF(LATIN); i++)
                if (word_before(lower, passed + at, str_from(LATIN[i].name)) &&
                    (!best || strlen(LATIN[i].name) > strlen(best->name)))
                    best = &LATIN[i];
            if (best)
                widen(&match, best->earliest, best->latest);
            passed += at + mark.n;
            rest = str_slice(lower, passed, lower.n);
        }
    }
    return match;
}
