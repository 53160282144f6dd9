// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace widgets {
namespace {

constexpr QChar minus(0x2212);
constexpr QChar thousands(0x202F);
constexpr QChar unitSpace(0x00A0);

const QString notAvailable = QStringLiteral("n/a");

// Three significant digits, never more than three after the point.
int digitsFor(double value)
{
    if (value == 0)
        return 0;
    const int size = int(std::floor(std::log10(std::abs(value))));
    return std::clamp(2 - size, 0, 3);
}

QString raised(int exponent)
{
    static const QString digits = QStringLiteral("⁰¹²³⁴⁵⁶⁷⁸⁹");
    QString text;
    for (const QChar c : QString::number(std::abs(exponent)))
        text += digits[c.digitValue()];
    return exponent < 0 ? QStringLiteral("⁻") + text : text;
}

} // namespace

QString fixed(double value, int digits)
{
    if (!std::isfinite(value))
        return notAvailable;
    QString text = QString::number(std::abs(value), 'f', digits);
    const qsizetype point = text.indexOf('.');
    for (qsizetype at = (point < 0 ? text.size() : point) - 3; at > 0; at -= 3)
        text.insert(at, thousands);
    const bool zero = std::all_of(text.cbegin(), text.cend(), [](QChar c) { return !c.isDigit() || c == u'0'; });
    return value < 0 && !zero ? minus + text : text;
}

QString signedFixed(double value, int digits)
{
    const QString text = fixed(value, digits);
    const bool zero = std::none_of(text.cbegin(), text.cend(), [](QChar c) { return c.isDigit() && c != u'0'; });
    return value > 0 && !zero && std::isfinite(value) ? u'+' + text : text;
}

QString whole(std::int64_t value)
{
    // Beyond 2^53 a double would lose digits, so the grouping is done on the integer's text.
    QString text = QString::number(value);
    const bool below = text.startsWith('-');
    if (below)
        text.remove(0, 1);
    for (qsizetype at = text.size() - 3; at > 0; at -= 3)
        text.insert(at, thousands);
    return below ? minus + text : text;
}

QString power(double value)
{
    if (!std::isfinite(value))
        return notAvailable;
    if (value == 0)
        return QStringLiteral("0");
    int exponent = int(std::floor(std::log10(std::abs(value))));
    int digit = int(std::lround(std::abs(value) * std::pow(10.0, -exponent)));
    if (digit == 10) {
        digit = 1;
        ++exponent;
    }
    const QString text = QStringLiteral("%1·10%2").arg(QString::number(digit), raised(exponent));
    return value < 0 ? minus + text : text;
}

QString compact(double value)
{
    const double size = std::abs(value);
    if (std::isfinite(value) && size > 0 && (size < 1e-3 || size >= 1e6))
        return power(value);
    return fixed(value, digitsFor(value));
}

QString percent(double share, int digits)
{
    if (!std::isfinite(share))
        return notAvailable;
    const bool nearlyAll = share >= 0.995 && share < 0.9995, nearlyNone = share >= 0.0005 && share < 0.005;
    return fixed(share * 100, digits == 0 && (nearlyAll || nearlyNone) ? 1 : digits) + unitSpace + u'%';
}

QString bytes(std::int64_t count)
{
    static constexpr std::array units = {"B", "KB", "MB", "GB", "TB"};
    double value = double(count);
    std::size_t unit = 0;
    while (std::abs(value) >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return fixed(value, unit > 0 && std::abs(value) < 10 ? 1 : 0) + unitSpace + QLatin1String(units[unit]);
}

QString duration(double nanoseconds)
{
    if (!std::isfinite(nanoseconds))
        return notAvailable;
    const double size = std::abs(nanoseconds);
    double value = nanoseconds / 1e6;
    QString unit = QStringLiteral("ms");
    if (size < 1e4) {
        value = nanoseconds / 1e3;
        unit = QStringLiteral("µs");
    } else if (size >= 1e9) {
        value = nanoseconds / 1e9;
        unit = QStringLiteral("s");
    }
    return fixed(value, digitsFor(value)) + unitSpace + unit;
}

} // namespace widgets
