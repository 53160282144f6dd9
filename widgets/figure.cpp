// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figure.h"

#include "widgets/colorbar.h"
#include "widgets/figureparts.h"
#include "widgets/themescope.h"

#include <QBuffer>
#include <QImageReader>
#include <QImageWriter>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace widgets {
namespace {

constexpr double smallestPart = 96, partGap = 16, pageMargin = 10;
constexpr double bodyPoints = 7.5; // 13 units of the theme; the small type of 11 is 6.3 pt
constexpr double mmPerUnit = bodyPoints / Theme::bodySize * 25.4 / 72;
constexpr const char* openTag = "<subquad:provenance xmlns:subquad=\"https://subquad.invalid/provenance\">";
constexpr const char* closeTag = "</subquad:provenance>";
// The page as a PNG in base64, as other programs keep thumbnails in XMP: a PDF is shown again without a renderer.
constexpr const char* pictureOpen = "<subquad:picture xmlns:subquad=\"https://subquad.invalid/provenance\">";
constexpr const char* pictureClose = "</subquad:picture>";
constexpr const char* pngKey = "Subquad";

Theme figureTheme()
{
    return Theme::light(mmPerUnit * figureDpi / 25.4);
}

int pixels(double mm)
{
    return int(std::lround(mm / 25.4 * figureDpi));
}

using Row = std::vector<const FigurePart*>;

// Parts of one row side by side, in several lines where the page is too narrow for all.
std::vector<Row> placedRows(const FigurePage& page, double width)
{
    std::map<int, Row> wanted;
    for (const FigurePart& part : page.parts)
        wanted[part.row].push_back(&part);
    const double gap = theme().px(partGap), smallest = theme().px(smallestPart);
    const auto fits = [&](const Row& parts) {
        double shares = 0, least = 1e9;
        for (const FigurePart* part : parts) {
            shares += part->width;
            least = std::min(least, part->width);
        }
        return (width - gap * double(parts.size() - 1)) * least / shares >= smallest;
    };
    std::vector<Row> rows;
    for (const auto& [number, parts] : wanted) {
        rows.emplace_back();
        for (const FigurePart* part : parts) {
            Row longer = rows.back();
            longer.push_back(part);
            if (rows.back().empty() || fits(longer))
                rows.back() = std::move(longer);
            else
                rows.push_back({part});
        }
    }
    return rows;
}

// Lays the page out and, with a painter, draws it; the height it takes.
double layOut(QPainter* painter, const FigurePage& page, double width)
{
    const Theme& look = theme();
    const double margin = look.px(pageMargin);
    const double gap = look.px(partGap);
    double y = margin;
    int letter = 0;
    for (const Row& parts : placedRows(page, width - 2 * margin)) {
        double shares = 0;
        for (const FigurePart* part : parts)
            shares += part->width;
        const double room = width - 2 * margin - gap * double(parts.size() - 1);
        double x = margin;
        double tallest = 0;
        for (const FigurePart* part : parts) {
            const double wide = room * part->width / shares;
            tallest = std::max(tallest, paintFigurePart(painter, *part, QPointF(x, y), wide, letter));
            letter += figureLetters(*part);
            x += wide + gap;
        }
        y += tallest + look.px(12);
    }
    if (!page.caption.isEmpty()) {
        const QFont font = look.font(12);
        for (const QString& line : wrappedLines(font, page.caption, width - 2 * margin)) {
            if (painter != nullptr)
                drawText(*painter, QRectF(margin, y, width - 2 * margin, look.px(17)), Qt::AlignLeft, line, font,
                         look.text);
            y += look.px(17);
        }
    }
    return y + margin;
}

void paint(QPainter& painter, const FigurePage& page, QSize size)
{
    painter.fillRect(QRect(QPoint(0, 0), size), theme().panel);
    layOut(&painter, page, size.width());
}

QByteArray escaped(const QByteArray& json)
{
    return QString::fromUtf8(json).toHtmlEscaped().toUtf8();
}

QByteArray unescaped(QByteArray text)
{
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
}

QByteArray element(const QByteArray& provenance)
{
    return openTag + escaped(provenance) + closeTag;
}

QByteArray between(const QByteArray& file, const char* open, const char* close)
{
    const qsizetype begin = file.indexOf(open);
    const qsizetype first = begin + qsizetype(qstrlen(open));
    const qsizetype end = begin < 0 ? -1 : file.indexOf(close, first);
    return end < 0 ? QByteArray() : file.mid(first, end - first);
}

// What Qt's generator leaves out: metadata, and that a map's pixels are cells.
QByteArray completed(QByteArray svg, const QByteArray& provenance)
{
    if (!provenance.isEmpty()) {
        const QByteArray after = "</desc>";
        const qsizetype place = svg.indexOf(after);
        if (place >= 0)
            svg.insert(place + after.size(), "\n<metadata>" + element(provenance) + "</metadata>");
    }
    svg.replace("<image ", "<image style=\"image-rendering:pixelated\" ");
    return svg;
}

} // namespace

QSize figureSize(const FigurePage& page, double widthMm)
{
    if (!(widthMm >= narrowestMm) || !(widthMm <= widestMm))
        throw std::invalid_argument("a figure of " + std::to_string(widthMm) +
                                    " mm was asked for; 40 to 1200 mm were expected");
    const ThemeScope scope(figureTheme());
    const int width = pixels(widthMm);
    return {width, int(std::ceil(layOut(nullptr, page, width)))};
}

QByteArray figureSvg(const FigurePage& page, double widthMm, const QByteArray& provenance)
{
    const QSize size = figureSize(page, widthMm);
    const ThemeScope scope(figureTheme());
    QBuffer out;
    QSvgGenerator generator;
    generator.setOutputDevice(&out);
    generator.setResolution(figureDpi);
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(0, 0), size));
    generator.setTitle(page.title);
    generator.setDescription(page.caption.isEmpty() ? page.title : page.caption);
    QPainter painter(&generator);
    paint(painter, page, size);
    painter.end();
    return completed(out.data(), provenance);
}

QByteArray figurePdf(const FigurePage& page, double widthMm, const QByteArray& provenance)
{
    const QSize size = figureSize(page, widthMm);
    const ThemeScope scope(figureTheme());
    QBuffer out;
    out.open(QIODevice::WriteOnly);
    QPdfWriter writer(&out);
    writer.setResolution(figureDpi);
    const QSizeF points(size.width() * 72.0 / figureDpi, size.height() * 72.0 / figureDpi);
    writer.setPageSize(QPageSize(points, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF());
    writer.setTitle(page.title);
    if (!provenance.isEmpty()) {
        writer.setDocumentXmpMetadata("<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>\n"
                                      "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
                                      "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
                                      "<rdf:Description rdf:about=''>" +
                                      element(provenance) + pictureOpen + figurePng(page, widthMm, {}).toBase64() +
                                      pictureClose + "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end='w'?>");
        writer.addFileAttachment(QStringLiteral("provenance.json"), provenance, QStringLiteral("application/json"));
    }
    QPainter painter(&writer);
    painter.setRenderHint(QPainter::LosslessImageRendering);
    paint(painter, page, size);
    painter.end();
    return out.data();
}

QByteArray figurePng(const FigurePage& page, double widthMm, const QByteArray& provenance)
{
    const QSize size = figureSize(page, widthMm);
    const ThemeScope scope(figureTheme());
    QImage image(size, QImage::Format_RGB32);
    const int perMetre = int(std::lround(figureDpi / 0.0254));
    image.setDotsPerMeterX(perMetre);
    image.setDotsPerMeterY(perMetre);
    QPainter painter(&image);
    paint(painter, page, size);
    painter.end();
    QBuffer out;
    out.open(QIODevice::WriteOnly);
    QImageWriter writer(&out, "png");
    writer.setText(QStringLiteral("Title"), page.title);
    writer.setText(QStringLiteral("Description"), page.caption);
    if (!provenance.isEmpty())
        writer.setText(QString::fromLatin1(pngKey), QString::fromUtf8(provenance));
    writer.write(image);
    return out.data();
}

QByteArray plotSvg(const PlotValue& plot, const QString& title, int width, int height)
{
    const ThemeScope scope(Theme::light());
    QBuffer out;
    QSvgGenerator generator;
    generator.setOutputDevice(&out);
    generator.setResolution(96);
    generator.setSize({width, height});
    generator.setViewBox(QRect(0, 0, width, height));
    generator.setTitle(title);
    generator.setDescription(title);
    QPainter painter(&generator);
    paintPlot(painter, plot, layOutPlot(plot, QRectF(0, 0, width, height)));
    painter.end();
    const QByteArray svg = out.data();
    return svg.mid(std::max<qsizetype>(0, svg.indexOf("<svg")));
}

QImage pictureIn(const QByteArray& file)
{
    const QByteArray text = between(file, pictureOpen, pictureClose);
    return QImage::fromData(text.isEmpty() ? file : QByteArray::fromBase64(text));
}

QByteArray provenanceIn(const QByteArray& file)
{
    if (file.startsWith("\x89PNG")) {
        QBuffer in;
        in.setData(file);
        in.open(QIODevice::ReadOnly);
        return QImageReader(&in, "png").text(QString::fromLatin1(pngKey)).toUtf8();
    }
    return unescaped(between(file, openTag, closeTag));
}

} // namespace widgets
