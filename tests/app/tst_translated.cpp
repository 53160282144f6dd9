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

private:
    bool isData(QString text) const; // from a file, a method's description or the machine, or a number
    void check(const QString& text, const QString& where);
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
    for (QWidget* part : ours())
        for (const QWidget* widget : part->findChildren<QWidget*>() + QList<QWidget*>{part}) {
            const QString where = widget->metaObject()->className();
            check(widget->toolTip(), where + " tip");
            check(widget->accessibleName(), where + " name");
            check(widget->accessibleDescription(), where + " description");
            for (const char* property : {"text", "placeholderText", "title"}) // of labels, buttons, fields
                if (const QVariant value = widget->property(property); value.typeId() == QMetaType::QString)
                    check(value.toString(), where + " " + property);
        }
    QVERIFY2(m_hard.isEmpty(), qPrintable(m_hard.join('\n')));
}

void TestTranslated::whatIsDrawnIsTranslated()
{
    m_hard.clear();
    std::size_t seen = 0;
    for (QWidget* part : ours()) {
        TextDevice device(part->size());
        part->render(&device);
        seen += device.texts().size();
        QStringList wrapped; // drawn in pieces: line by line, script by script
        for (const QLabel* label : part->findChildren<QLabel*>())
            if (isData(label->text()))
                wrapped << label->text();
        for (const QString& text : device.texts())
            if (wrapped.filter(text).isEmpty())
                check(text, part->metaObject()->className());
    }
    QVERIFY(seen > 40); // texts were seen at all
    QVERIFY2(m_hard.isEmpty(), qPrintable(m_hard.join('\n')));
}

QTEST_MAIN(TestTranslated)
#include "tst_translated.moc"
