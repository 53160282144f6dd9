// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/attentionpanel.h"
#include "app/panels/methodspanel.h"
#include "app/panels/modelpanel.h"
#include "app/panels/promptpanel.h"
#include "app/panels/toolpanel.h"
#include "app/wording.h"
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"
#include "widgets/livestrip.h"
#include "widgets/sentence.h"
#include "widgets/studypane.h"
#include "widgets/tokenstrip.h"

#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QMenuBar>
#include <QPaintEngine>
#include <QRegularExpression>
#include <QTest>
#include <QTranslator>

#include <set>

using namespace app;

namespace {

// A language in which every text stands between « and »: what lacks them never went through tr().
class PseudoLocale : public QTranslator
{
public:
    bool isEmpty() const override { return false; }

    QString translate(const char*, const char* text, const char*, int) const override
    {
        return QChar(0xAB) + QString::fromUtf8(text) + QChar(0xBB);
    }
};

// Paints nowhere and remembers the texts.
class TextEngine : public QPaintEngine
{
public:
    TextEngine()
        : QPaintEngine(AllFeatures)
    {
    }

    bool begin(QPaintDevice*) override { return true; }

    bool end() override { return true; }

    void updateState(const QPaintEngineState&) override {}

    void drawPixmap(const QRectF&, const QPixmap&, const QRectF&) override {}

    using QPaintEngine::drawPolygon;

    void drawPolygon(const QPointF*, int, PolygonDrawMode) override {}

    void drawTextItem(const QPointF&, const QTextItem& item) override { texts.insert(item.text()); }

    Type type() const override { return User; }

    std::set<QString> texts;
};

class TextDevice : public QPaintDevice
{
public:
    explicit TextDevice(QSize size)
        : m_size(size)
    {
    }

    QPaintEngine* paintEngine() const override { return &m_engine; }

    const std::set<QString>& texts() const { return m_engine.texts; }

protected:
    int metric(PaintDeviceMetric metric) const override
    {
        switch (metric) {
        case PdmWidth:
            return m_size.width();
        case PdmHeight:
            return m_size.height();
        case PdmDpiX:
        case PdmDpiY:
        case PdmPhysicalDpiX:
        case PdmPhysicalDpiY:
            return 96;
        case PdmDevicePixelRatio:
            return 1;
        case PdmDevicePixelRatioScaled:
            return int(QPaintDevice::devicePixelRatioFScale());
        case PdmDepth:
            return 32;
        default:
            return 1000;
        }
    }

private:
    QSize m_size;
    mutable TextEngine m_engine;
};

QString textOf(std::string_view from)
{
    return QString::fromUtf8(from.data(), qsizetype(from.size()));
}

} // namespace

class TestTranslated : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanupTestCase();
    void menusAreTranslated();
    void namesAndTipsAreTranslated();
    void whatIsDrawnIsTranslated();
    void everyTabIsTranslated_data();
    void everyTabIsTranslated();

private:
    bool isData(QString text) const; // from a file, a method's description or the machine, or a number
    void check(const QString& text, const QString& where);
    void checkNames(const QList<QWidget*>& parts);
    void checkDrawn(const QList<QWidget*>& parts);
    void takeStudy(const engine::Study& study); // its texts are the engine's
    QList<QWidget*> ours() const;

    QTemporaryDir m_folder;
    PseudoLocale m_locale;
    std::unique_ptr<WindowRig> m_rig;
    QStringList m_data; // texts that are nobody's to translate
    QStringList m_hard;
};

void TestTranslated::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    QCoreApplication::installTranslator(&m_locale);
    m_rig = std::make_unique<WindowRig>(tinyCheckpoint(m_folder));
    QVERIFY(m_rig->rest());
    for (const engine::Method& method : engine::methods()) {
        const engine::MethodInfo& info = method.info;
        m_data << textOf(info.title) << textOf(info.idea) << textOf(info.about);
        for (const engine::Knob& knob : info.knobs) {
            m_data << textOf(knob.title) << textOf(knob.help);
            if (const auto* choice = std::get_if<engine::Choice>(&knob.domain))
                for (const auto& option : choice->options)
                    m_data << textOf(option);
        }
        for (const engine::ProbeSpec& probe : info.probes)
            m_data << textOf(probe.title) << textOf(probe.help) << textOf(probe.id);
    }
    const Document& document = m_rig->document;
    m_data << tokenLabels(*document.sequence()) << QString::fromStdString(document.state().prompt);
    m_data << QString::fromStdString(document.model()->checkpoint().name) << "Subquad"
           << "PoCL"
           << "softmax";
    for (const std::filesystem::path& sample : bundledSamples())
        m_data << QString::fromStdString(sample.filename().string());
    m_data << QString::fromStdString(document.model()->checkpoint().format)
           << QString::fromStdString(document.model()->checkpoint().path.string());
    for (const engine::DeviceInfo& device : document.devices())
        m_data << QString::fromStdString(device.name) << QString::fromStdString(device.platform)
               << QString::fromStdString(device.version);
    for (const engine::Fidelity fidelity : {engine::Fidelity::Reference, engine::Fidelity::DropIn,
                                            engine::Fidelity::Calibrated, engine::Fidelity::Trained})
        m_data << textOf(nameOf(fidelity));
    for (int lane = 0; lane < document.laneCount(); ++lane)
        if (const auto& look = document.lane({lane}).look)
            m_data << QString::fromStdString(look->layer->attended.cost.reason)
                   << QString::fromStdString(look->layer->attended.form);
    m_data.removeAll(QString());
    std::sort(m_data.begin(), m_data.end(), [](const QString& a, const QString& b) { return a.size() > b.size(); });
}

void TestTranslated::cleanupTestCase()
{
    m_rig.reset();
    QCoreApplication::removeTranslator(&m_locale);
}

bool TestTranslated::isData(QString text) const
{
    if (text.contains(QChar(0xAB)) || text.contains(QChar(0xBB)))
        return true;                 // translated, perhaps elided or drawn in pieces
    constexpr qsizetype phrase = 12; // a word of ours may well occur in a method's text too
    if (text.endsWith(u'…'))
        text.chop(1);
    for (const QString& data : m_data) {
        if (data == text || (text.size() > phrase && data.contains(text)))
            return true;
        text.remove(data);
    }
    if (text.contains(QStringLiteral("--")) || text.startsWith(QStringLiteral("subquad ")))
        return true;                                                     // a command, perhaps a line of it
    static const QRegularExpression words(QStringLiteral("\\p{L}{3,}")); // units and numbers have fewer letters
    return !words.match(text).hasMatch();
}

void TestTranslated::check(const QString& text, const QString& where)
{
    if (!isData(text))
        m_hard << where + ": " + text;
}

void TestTranslated::menusAreTranslated()
{
    m_hard.clear();
    for (const QAction* action : m_rig->window.findChildren<QAction*>())
        if (action->isVisible())
            check(action->text(), "entry");
    QVERIFY2(m_hard.isEmpty(), qPrintable(m_hard.join('\n')));
}

// What the window itself says; a method's own tab is the method's text.
QList<QWidget*> TestTranslated::ours() const
{
    MainWindow& window = m_rig->window;
    return {window.menuBar(),  &window.tools(),     &window.model(),  &window.prompt(),
            &window.methods(), &window.attention(), &window.tokens(), &window.live()};
}

void TestTranslated::namesAndTipsAreTranslated()
{
    m_hard.clear();
    checkNames(ours());
    QVERIFY2(m_hard.isEmpty(), qPrintable(m_hard.join('\n')));
}

void TestTranslated::checkNames(const QList<QWidget*>& parts)
{
    for (QWidget* part : parts)
        for (const QWidget* widget : part->findChildren<QWidget*>() + QList<QWidget*>{part}) {
            if (part == &m_rig->window && !widget->isVisible())
                continue; // another tab's
            const QString where = widget->metaObject()->className();
            check(widget->toolTip(), where + " tip");
            check(widget->accessibleName(), where + " name");
            check(widget->accessibleDescription(), where + " description");
            for (const char* property : {"text", "placeholderText", "title"}) // of labels, buttons, fields
                if (const QVariant value = widget->property(property); value.typeId() == QMetaType::QString)
                    check(value.toString(), where + " " + property);
        }
}

void TestTranslated::whatIsDrawnIsTranslated()
{
    m_hard.clear();
    checkDrawn(ours());
    QVERIFY2(m_hard.isEmpty(), qPrintable(m_hard.join('\n')));
}

void TestTranslated::checkDrawn(const QList<QWidget*>& parts)
{
    std::size_t seen = 0;
    for (QWidget* part : parts) {
        TextDevice device(part->size());
        part->render(&device);
        seen += device.texts().size();
        QStringList wrapped; // drawn in pieces: line by line, script by script
        for (const QLabel* label : part->findChildren<QLabel*>())
            if (isData(label->text()))
                wrapped << label->text();
        for (const widgets::Sentence* sentence : part->findChildren<widgets::Sentence*>())
            if (isData(sentence->text()))
                wrapped << sentence->text();
        for (const QString& text : device.texts())
            if (wrapped.filter(text).isEmpty())
                check(text, part->metaObject()->className());
    }
    QVERIFY(seen > 40); // texts were seen at all
}

void TestTranslated::takeStudy(const engine::Study& study)
{
    const auto take = [this](std::string_view text) { m_data << textOf(text) << textOf(text).trimmed(); };
    const auto axis = [&](const engine::AxisLabels& labels) {
        take(labels.title);
        for (const std::string& each : labels.texts)
            take(each);
    };
    take(study.words);
    take(study.second);
    QString sentence;
    for (const engine::Phrase& phrase : study.sentence) {
        take(phrase.text);
        sentence += textOf(phrase.text);
    }
    m_data << sentence;
    for (const engine::Notice& notice : study.notices) {
        take(notice.what);
        take(notice.why);
    }
    for (const engine::Panel& panel : study.panels) {
        for (const std::string& each : {panel.title, panel.words, panel.value, panel.note})
            take(each);
        if (const auto* heat = std::get_if<engine::HeatBody>(&panel.body)) {
            axis(heat->rows);
            axis(heat->cols);
            take(heat->quantity);
            take(heat->markedWords);
            for (const engine::HeatBody::Map& map : heat->maps) {
                take(map.caption);
                take(map.value);
            }
        } else if (const auto* bars = std::get_if<engine::BarsBody>(&panel.body)) {
            axis(bars->labels);
            take(bars->quantity);
            for (const auto& series : bars->series)
                take(series.title);
            for (const engine::Mark& mark : bars->marks)
                take(mark.text);
            for (const engine::Region& region : bars->regions)
                take(region.text);
        } else if (const auto* curves = std::get_if<engine::CurvesBody>(&panel.body)) {
            axis(curves->x);
            axis(curves->y);
            for (const auto& curve : curves->curves)
                take(curve.title);
            for (const engine::Mark& mark : curves->marks)
                take(mark.text);
            for (const engine::Region& region : curves->regions)
                take(region.text);
        } else if (const auto* table = std::get_if<engine::TableBody>(&panel.body)) {
            for (const std::string& column : table->columns)
                take(column);
            for (const auto& row : table->rows) {
                take(row.label);
                for (const engine::Figure& cell : row.cells) {
                    take(cell.text);
                    take(cell.unit);
                    take(cell.reason);
                }
            }
        } else if (const auto* chips = std::get_if<engine::ChipsBody>(&panel.body)) {
            for (const auto& group : chips->groups) {
                take(group.title);
                take(group.value);
                for (const auto& chip : group.chips)
                    take(chip.text);
            }
        }
    }
}

void TestTranslated::everyTabIsTranslated_data()
{
    QTest::addColumn<QString>("tab");
    for (const char* tab : {"attention", "kernel", "logits", "timing", "probes"})
        QTest::newRow(tab) << QString(tab);
}

// The whole window with each tab in front, docks and strips too; what the engine says of a method is its own.
void TestTranslated::everyTabIsTranslated()
{
    QFETCH(const QString, tab);
    m_hard.clear();
    const QStringList before = m_data;
    Document& document = m_rig->document;
    ViewLayout layout = document.state().layout;
    layout.tab = tab.toStdString();
    layout.leftDock = layout.rightDock = true;
    document.setLayout(layout);
    document.pin(engine::TokenPos{3}, engine::TokenPos{1}); // so that Explain has something to say
    QVERIFY(m_rig->rest());
    if (const auto study = document.study(layout.tab))
        takeStudy(study->study);
    if (const auto& logits = m_rig->wiring.logits().work().look())
        takeStudy(logits->study);
    if (const auto& explained = document.explained()) {
        engine::Study cell;
        cell.panels = explained->explanation.panels;
        takeStudy(cell);
        for (const engine::Derivation* each : {&explained->explanation.exact, &explained->explanation.own}) {
            m_data << textOf(each->note);
            for (const engine::DerivationLine& line : each->lines)
                m_data << textOf(line.label) << textOf(line.formula) << textOf(line.value.text)
                       << textOf(line.value.unit) << textOf(line.value.reason);
        }
    }
    for (const engine::Method& method : engine::methods())
        for (const engine::TabSpec& spec : method.info.tabs) {
            m_data << textOf(spec.title);
            for (const engine::Knob& knob : spec.controls) {
                m_data << textOf(knob.title) << textOf(knob.help);
                if (const auto* choice = std::get_if<engine::Choice>(&knob.domain))
                    for (const auto& option : choice->options)
                        m_data << textOf(option);
            }
        }
    for (const engine::Method& method : engine::methods())
        m_data << textOf(method.info.paper);
    m_data << "softmax"
           << "embedding"
           << "layer";
    m_data.removeAll(QString());
    std::sort(m_data.begin(), m_data.end(), [](const QString& a, const QString& b) { return a.size() > b.size(); });
    for (const widgets::StudyPane* pane : m_rig->window.findChildren<widgets::StudyPane*>())
        if (pane->isVisible() && !pane->panel().title.empty()) // the engine's words go through a translator too
            QVERIFY2(pane->accessibleName().startsWith(QChar(0xAB)), qPrintable(pane->accessibleName()));
    checkNames({&m_rig->window});
    checkDrawn({&m_rig->window});
    m_data = before;
    QVERIFY2(m_hard.isEmpty(), qPrintable(m_hard.join('\n')));
}

QTEST_MAIN(TestTranslated)
#include "tst_translated.moc"
