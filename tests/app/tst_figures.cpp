// SPDX-License-Identifier: GPL-3.0-or-later
// `subquad figure`: files, provenance, and that SVG, PDF and PNG show the same.
#include "app/figures.h"
#include "app/provenance.h"
#include "engine/export/safetensors.h"
#include "tests/app/program.h"
#include "widgets/figure.h"

#include <QFile>
#include <QImage>
#include <QJsonArray>
#include <QPainter>
#include <QStandardPaths>
#include <QSvgRenderer>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <cmath>
#include <fstream>

using namespace app;

namespace {

const QString sample = QStringLiteral(SUBQUAD_SOURCE_DIR "/samples/stories-1m");

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// Mean difference of grey, 0 to 255, of two pictures averaged over blocks of 8 × 8: type is set to a fraction of a
// pixel differently, which is not what is compared.
double farApart(QImage a, QImage b)
{
    if (a.size() != b.size())
        b = b.scaled(a.size(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    const QSize small(a.width() / 8, a.height() / 8);
    a = a.scaled(small, Qt::IgnoreAspectRatio, Qt::SmoothTransformation).convertToFormat(QImage::Format_RGB32);
    b = b.scaled(small, Qt::IgnoreAspectRatio, Qt::SmoothTransformation).convertToFormat(QImage::Format_RGB32);
    double sum = 0;
    for (int y = 0; y < small.height(); ++y)
        for (int x = 0; x < small.width(); ++x)
            sum += std::abs(qGray(a.pixel(x, y)) - qGray(b.pixel(x, y)));
    return sum / (small.width() * small.height());
}

QString tool(const char* name)
{
    return QStandardPaths::findExecutable(QString::fromLatin1(name));
}

QByteArray outputOf(const QString& program, const QStringList& arguments)
{
    QProcess process;
    process.start(program, arguments);
    process.waitForFinished(60000);
    return process.exitCode() == 0 ? process.readAllStandardOutput() : QByteArray();
}

} // namespace

class FiguresTest : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void filesHaveTheWidthAskedFor();
    void provenanceIsInEveryFile();
    void qtReadsTheSvg();
    void renderedBackItIsThePng_data();
    void renderedBackItIsThePng();
    void pdfHasItsFontsAndNoJpeg();
    void aFigureOpensItsViewAgain();
    void dataHasNamedColumns();
    void everyViewIsAFigure_data();
    void everyViewIsAFigure();
    void headsOfAFileAreAFigure();
    void refusals();

private:
    Ran figure(const QStringList& more, const Environment& variables = {}) const;
    void isRenderedBack(const QString& file, const QImage& png, double scale) const;
    void fontsAreEmbedded(const QString& pdf) const;

    QTemporaryDir m_folder;
    QString m_svg, m_pdf, m_png, m_csv, m_npy;
};

Ran FiguresTest::figure(const QStringList& more, const Environment& variables) const
{
    return runProgram(QStringList{"figure", sample, "--backend", "reference", "--text",
                                  "Lily saw a cat. She was happy.", "--layer", "1", "--head", "2"} +
                          more,
                      variables);
}

void FiguresTest::initTestCase()
{
    const auto at = [&](const char* name) { return m_folder.filePath(QString::fromLatin1(name)); };
    m_svg = at("f.svg");
    m_pdf = at("f.pdf");
    m_png = at("f.png");
    m_csv = at("f.csv");
    m_npy = at("f.npy");
    const Ran ran = figure({"-o", m_svg, "-o", m_pdf, "-o", m_png, "-o", m_csv, "-o", m_npy});
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
}

void FiguresTest::filesHaveTheWidthAskedFor()
{
    const QImage wide(m_png);
    QCOMPARE(wide.width(), int(std::lround(178 / 25.4 * 300)));
    QCOMPARE(wide.dotsPerMeterX(), 11811);
    const QString narrow = m_folder.filePath("narrow.png");
    QCOMPARE(figure({"--width", "85mm", "-o", narrow}).exitCode, 0);
    QCOMPARE(QImage(narrow).width(), int(std::lround(85 / 25.4 * 300)));
    // The whole caption is there: the page is as high as it needs.
    QVERIFY(QImage(narrow).height() > QImage(narrow).width());
    QVERIFY(contentOf(m_svg).contains("width=\"177.9"));
}

void FiguresTest::provenanceIsInEveryFile()
{
    const QJsonObject inSvg = QJsonDocument::fromJson(widgets::provenanceIn(contentOf(m_svg))).object();
    for (const QString& path : {m_svg, m_pdf, m_png}) {
        const QJsonObject json = QJsonDocument::fromJson(widgets::provenanceIn(contentOf(path))).object();
        QVERIFY2(!json.isEmpty(), qPrintable(path));
        QCOMPARE(json["app"]["name"].toString(), QStringLiteral("Subquad"));
        QCOMPARE(json["checkpoint"]["sha256"].toString().size(), 64);
        QCOMPARE(json["selection"]["layer"].toInt(), 1);
        QCOMPARE(json["selection"]["head"].toInt(), 2);
        QCOMPARE(json["precision"].toString(), QStringLiteral("float64"));
        QCOMPARE(json["session"], inSvg["session"]);
        QVERIFY(json["methods"].toArray().size() >= 2);
    }
    QVERIFY(contentOf(m_csv).contains("# provenance: {"));
    // The text stays at home where that is asked for.
    const QString quiet = m_folder.filePath("quiet.svg");
    QCOMPARE(figure({"--no-text", "-o", quiet}).exitCode, 0);
    QVERIFY(!widgets::provenanceIn(contentOf(quiet)).contains("Lily saw a cat"));
    QVERIFY(widgets::provenanceIn(contentOf(m_svg)).contains("Lily saw a cat"));
}

void FiguresTest::qtReadsTheSvg()
{
    const QImage png(m_png);
    QSvgRenderer renderer(m_svg);
    QVERIFY(renderer.isValid());
    QImage back(png.size(), QImage::Format_RGB32);
    back.fill(Qt::white);
    QPainter painter(&back);
    renderer.render(&painter);
    painter.end();
    // Qt smooths a map's pixels whatever the file says; everything else is where it was.
    const double apart = farApart(png, back);
    QVERIFY2(apart < 5, qPrintable(QString::number(apart)));
}

void FiguresTest::renderedBackItIsThePng_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<double>("scale");
    for (const char* format : {"svg", "pdf"})
        for (const double scale : {1.0, 1.25, 2.0})
            QTest::addRow("%s at %g", format, scale) << QString::fromLatin1(format) << scale;
}

// The screen's scale changes no byte of a figure's picture.
void FiguresTest::renderedBackItIsThePng()
{
    QFETCH(QString, format);
    QFETCH(double, scale);
    const QString file = m_folder.filePath("scaled." + format), picture = m_folder.filePath("scaled.png");
    const Ran ran = figure({"-o", picture, "-o", file}, {{"QT_SCALE_FACTOR", QString::number(scale)}});
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
    const QImage png(picture);
    QCOMPARE(png, QImage(m_png));
    QVERIFY(format != "svg" || contentOf(file).size() == contentOf(m_svg).size());

    isRenderedBack(file, png, scale);
}

// What others' programs make of a file at the screen's scale is the picture.
void FiguresTest::isRenderedBack(const QString& file, const QImage& png, double scale) const
{
    const QString format = file.section(u'.', -1), program = tool(format == "svg" ? "rsvg-convert" : "pdftoppm");
    if (program.isEmpty())
        QSKIP("rsvg-convert or pdftoppm is not here: the file was not rendered back");
    const double dpi = 150 * scale;
    const QSizeF expected = QSizeF(png.size()) * dpi / 300;
    const QString stem = m_folder.filePath("back"), out = stem + ".png";
    QFile::remove(out);
    outputOf(program, format == "svg"
                          ? QStringList{"-w", QString::number(std::lround(expected.width())), "-o", out, file}
                          : QStringList{"-r", QString::number(dpi), "-png", "-singlefile", file, stem});
    const QImage back(out);
    QVERIFY(!back.isNull());
    QVERIFY2(std::abs(back.width() - expected.width()) <= 2 && std::abs(back.height() - expected.height()) <= 2,
             qPrintable(QStringLiteral("%1 × %2").arg(back.width()).arg(back.height())));
    const double apart = farApart(png, back);
    const double bound = format == "svg" ? 6 : 3; // librsvg smooths a map's pixels
    QVERIFY2(apart < bound, qPrintable(QString::number(apart)));
    // What would be seen were it another picture: a page with little on it is near to any other.
    QVERIFY2(farApart(png, back.mirrored(true, false)) > 2 * apart, qPrintable(QString::number(apart)));
}

void FiguresTest::pdfHasItsFontsAndNoJpeg()
{
    fontsAreEmbedded(m_pdf);
    if (!tool("pdfimages").isEmpty())
        QVERIFY(outputOf(tool("pdfimages"), {"-list", m_pdf}).count('\n') > 3); // the maps
}

void FiguresTest::fontsAreEmbedded(const QString& pdf) const
{
    QVERIFY(!contentOf(pdf).contains("/DCTDecode"));
    QVERIFY(contentOf(pdf).contains("/FontFile"));
    if (tool("pdffonts").isEmpty() || tool("pdfimages").isEmpty())
        QSKIP("pdffonts and pdfimages are not here: only the file's own words were read");
    const QList<QByteArray> fonts = outputOf(tool("pdffonts"), {pdf}).trimmed().split('\n');
    QVERIFY(fonts.size() > 2);
    for (const QByteArray& font : fonts.mid(2))
        QVERIFY2(font.contains(" yes "), font.constData());
    QVERIFY(!outputOf(tool("pdfimages"), {"-list", pdf}).contains("jpeg"));
}

void FiguresTest::aFigureOpensItsViewAgain()
{
    const QJsonObject session =
        QJsonDocument::fromJson(widgets::provenanceIn(contentOf(m_pdf))).object()["session"].toObject();
    const auto state = sessionIn(contentOf(m_pdf));
    QVERIFY(state.has_value());
    QCOMPARE(toJson(*state), session);
    QCOMPARE(state->selection.layer.value, 1);
    QCOMPARE(state->prompt, std::string("Lily saw a cat. She was happy."));
    // The same pixels come out of the figure itself.
    const QString again = m_folder.filePath("again.png");
    const Ran ran = runProgram({"figure", m_svg, "--backend", "reference", "-o", again});
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
    QCOMPARE(QImage(again), QImage(m_png));
    QVERIFY(!sessionIn("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"));
}

void FiguresTest::dataHasNamedColumns()
{
    QList<QByteArray> lines = contentOf(m_csv).trimmed().split('\n');
    while (lines.front().startsWith("# "))
        lines.removeFirst();
    const QList<QByteArray> header = lines.takeFirst().split(',');
    QCOMPARE(header.mid(0, 4), (QList<QByteArray>{"query", "query_token", "key", "key_token"}));
    QVERIFY(header.size() >= 7); // exact, a method, its difference
    // Rows of the exact map sum to 1.
    const int tokens = int(std::sqrt(2.0 * double(lines.size())));
    QCOMPARE(lines.size(), qsizetype(tokens) * (tokens + 1) / 2);
    const QByteArray npy = contentOf(m_folder.filePath("f-" + QString::fromUtf8(header[4]) + ".npy"));
    QVERIFY(npy.startsWith("\x93NUMPY"));
    QVERIFY(npy.contains(QByteArray("(" + QByteArray::number(tokens) + ", " + QByteArray::number(tokens) + ")")));
    const QJsonObject beside =
        QJsonDocument::fromJson(contentOf(m_folder.filePath("f-" + QString::fromUtf8(header[4]) + ".json"))).object();
    QCOMPARE(beside["rows"]["tokens"].toArray().size(), tokens);
    QCOMPARE(beside["provenance"]["checkpoint"]["sha256"].toString().size(), 64);
}

void FiguresTest::everyViewIsAFigure_data()
{
    QTest::addColumn<QString>("view");
    QTest::addColumn<double>("scale");
    const double scales[] = {1, 1.25, 2}; // of the screen, in turn
    int next = 0;
    for (const std::string& view : figureViews())
        QTest::newRow(view.c_str()) << QString::fromStdString(view) << scales[next++ % 3];
}

// Letters, colours and caption of every tab: SVG, PDF and PNG show the same, whoever renders them, and each leads back
// to its tab and to the same pixels.
void FiguresTest::everyViewIsAFigure()
{
    QFETCH(QString, view);
    QFETCH(double, scale);
    const QString png = m_folder.filePath(view + ".png"), svg = m_folder.filePath(view + ".svg"),
                  pdf = m_folder.filePath(view + ".pdf"), csv = m_folder.filePath(view + ".csv");
    // The checkpoint's own first prompt: long enough to fit tables on.
    const Ran ran = runProgram({"figure", sample, "--backend", "reference", "--view", view, "--lengths", "8,16",
                                "--width", "120mm", "-o", png, "-o", svg, "-o", pdf, "-o", csv},
                               {{"QT_SCALE_FACTOR", QString::number(scale)}});
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
    const QImage picture(png);
    QCOMPARE(picture.width(), int(std::lround(120 / 25.4 * 300)));
    QSvgRenderer renderer(svg);
    QImage back(picture.size(), QImage::Format_RGB32);
    back.fill(Qt::white);
    QPainter painter(&back);
    renderer.render(&painter);
    painter.end();
    QVERIFY2(farApart(picture, back) < 5, qPrintable(QString::number(farApart(picture, back))));
    const auto state = sessionIn(contentOf(svg));
    QVERIFY(state && QString::fromStdString(state->layout.tab) == view);
    const QList<QByteArray> lines = contentOf(csv).split('\n');
    QVERIFY(lines.size() > 5 && lines.front().startsWith("# provenance: {"));
    if (view != "timing") { // measured anew, it takes another time
        const QString again = m_folder.filePath(view + "-again.png");
        const Ran opened = runProgram({"figure", svg, "--backend", "reference", "--width", "120mm", "-o", again});
        QVERIFY2(opened.exitCode == 0, opened.err.constData());
        QCOMPARE(QImage(again), picture);
    }
    fontsAreEmbedded(pdf);
    for (const QString& file : {svg, pdf})
        isRenderedBack(file, picture, scale);
}

// Queries, keys and values without a model: their map, and the weights drawn as a table.
void FiguresTest::headsOfAFileAreAFigure()
{
    constexpr int tokens = 20, width = 4;
    const QString heads = m_folder.filePath("heads.safetensors"), png = m_folder.filePath("heads.png"),
                  csv = m_folder.filePath("heads.csv");
    std::vector<engine::NamedTensor> tensors;
    for (const char* name : {"query", "key", "value"})
        tensors.push_back({name,
                           {1, std::size_t(tokens), std::size_t(width)},
                           std::vector<engine::Grid>{{std::vector<float>(tokens * width, 0.0F), tokens, width}}});
    {
        std::ofstream file(heads.toStdString(), std::ios::binary);
        engine::writeSafetensors(file, tensors);
    }
    const Ran ran = runProgram({"figure", heads, "--backend", "reference", "-o", png, "-o", csv});
    QVERIFY2(ran.exitCode == 0, ran.err.constData());
    QVERIFY(!QImage(png).isNull());
    const QList<QByteArray> lines = contentOf(csv).trimmed().split('\n');
    const QList<QByteArray> last = lines.last().split(',');
    QCOMPARE(last.size(), 7); // and the difference, which the tab has room for
    QVERIFY(std::abs(last[6].toDouble()) < 1e-6);
    QCOMPARE(last[0] + "," + last[2], QByteArray("19,19"));
    for (const qsizetype method : {4, 5})
        QVERIFY(std::abs(last[method].toDouble() - 1.0 / tokens) < 1e-6); // every key alike
    const QJsonObject json = QJsonDocument::fromJson(widgets::provenanceIn(contentOf(png))).object();
    QCOMPARE(json["methods"].toArray().size(), 2);
    QCOMPARE(runProgram({"figure", heads, "--view", "logits", "-o", png}).exitCode, 2);
}

void FiguresTest::refusals()
{
    const auto refused = [&](const QStringList& more, int code) {
        const Ran ran = figure(more);
        return ran.exitCode == code && isOneSentence(ran.err.trimmed().split('\n').last());
    };
    QVERIFY(refused({"-o", m_folder.filePath("f.bmp")}, 2));
    QVERIFY(refused({"--view", "nothing", "-o", m_svg}, 2));
    QVERIFY(refused({"--width", "2mm", "-o", m_svg}, 2));
    QVERIFY(refused({"--query", "5000", "-o", m_svg}, 2));
    QVERIFY(refused({"-o", m_folder.filePath("no/such/f.svg")}, 3));
    QCOMPARE(runProgram({"figure", m_folder.filePath("nowhere"), "-o", m_svg}).exitCode, 3);
    QCOMPARE(runProgram({"figure", sample}).exitCode, 2);
}

QTEST_MAIN(FiguresTest)
#include "tst_figures.moc"
