// SPDX-License-Identifier: GPL-3.0-or-later
// What can be read without eyes, reached without a mouse, and told apart whatever colours one sees.
#include "app/studywork.h"
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"
#include "widgets/paint.h"
#include "widgets/sentence.h"
#include "widgets/theme.h"

#include <QAbstractButton>
#include <QAccessible>

#include <array>
#include <cmath>
#include <set>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

QString named(const QWidget& widget)
{
    return QStringLiteral("%1 “%2”").arg(widget.metaObject()->className(), widget.accessibleName());
}

using Colour = std::array<double, 3>;

Colour linear(const QColor& color)
{
    const auto curve = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return {curve(color.redF()), curve(color.greenF()), curve(color.blueF())};
}

Colour times(const std::array<Colour, 3>& matrix, const Colour& colour)
{
    Colour result{};
    for (int row = 0; row < 3; ++row)
        for (int col = 0; col < 3; ++col)
            result[std::size_t(row)] += matrix[std::size_t(row)][std::size_t(col)] * colour[std::size_t(col)];
    return result;
}

// Björn Ottosson's OKLab, of linear light.
Colour oklab(Colour light)
{
    for (double& part : light)
        part = std::clamp(part, 0.0, 1.0);
    Colour cones = times({{{0.4122214708, 0.5363325363, 0.0514459929},
                           {0.2119034982, 0.6806995451, 0.1073969566},
                           {0.0883024619, 0.2817188376, 0.6299787005}}},
                         light);
    for (double& part : cones)
        part = std::cbrt(part);
    return times({{{0.2104542553, 0.7936177850, -0.0040720468},
                   {1.9779984951, -2.4285922050, 0.4505937099},
                   {0.0259040371, 0.7827717662, -0.8086757660}}},
                 cones);
}

// Machado, Oliveira and Fernandes 2009, whole severity, of linear light; all there is, without green, without red,
// without blue.
constexpr std::array<std::array<Colour, 3>, 4> eyes{
    {{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
     {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
     {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
     {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}}};

double apart(const QColor& one, const QColor& other, const std::array<Colour, 3>& eye)
{
    const Colour a = oklab(times(eye, linear(one))), b = oklab(times(eye, linear(other)));
    return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

double contrast(const QColor& one, const QColor& other)
{
    const auto light = [](const QColor& color) {
        const Colour parts = linear(color);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05;
    };
    const double a = light(one), b = light(other);
    return std::max(a, b) / std::min(a, b);
}

} // namespace

class TestAccess : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();

    void cleanup() { widgets::ThemeSource::instance().set(false, 1); }

    void everythingHasANameAndIsReached_data();
    void everythingHasANameAndIsReached();
    void sentencesLeadByKeys();
    void methodsAreToldApart_data();
    void methodsAreToldApart();

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

void TestAccess::initTestCase()
{
    QApplication::setStyle(new widgets::ProxyStyle);
    m_path = tinyCheckpoint(m_folder);
}

void TestAccess::everythingHasANameAndIsReached_data()
{
    QTest::addColumn<QString>("tab");
    for (const char* tab : {"attention", "logits", "timing", "probes"})
        QTest::newRow(tab) << QString(tab);
    for (const engine::TabSpec* tab : methodTabs())
        QTest::addRow("%s", std::string(tab->id).c_str()) << QString::fromStdString(std::string(tab->id));
}

void TestAccess::everythingHasANameAndIsReached()
{
    QFETCH(const QString, tab);
    WindowRig rig(m_path);
    QVERIFY(rig.rest());
    if (!rig.window.tabs().contains(tab))
        rig.document.setPlan(compared, planWithTab(rig.document.state().lanes[1], tab.toStdString()));
    ViewLayout layout = rig.document.state().layout;
    layout.tab = tab.toStdString();
    rig.document.setLayout(layout);
    QVERIFY(rig.rest());
    rig.window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&rig.window));
    QStringList wrong;
    std::set<QWidget*> wanted;
    for (auto* widget : rig.window.findChildren<QWidget*>()) {
        if (!widget->isVisible() || !widget->isEnabled() || widget->visibleRegion().isEmpty())
            continue;
        // What answers to the mouse answers to keys.
        const bool ours = qobject_cast<widgets::View*>(widget) != nullptr;
        if (ours && widget->hasMouseTracking() && widget->focusPolicy() == Qt::NoFocus &&
            qobject_cast<widgets::Sentence*>(widget) == nullptr) // one that leads somewhere has the focus
            wrong << named(*widget) + " is for the mouse alone";
        if ((widget->focusPolicy() & Qt::TabFocus) == 0 || widget->focusProxy() != nullptr)
            continue;
        wanted.insert(widget);
        const QAccessibleInterface* read = QAccessible::queryAccessibleInterface(widget);
        if (read == nullptr || read->text(QAccessible::Name).trimmed().isEmpty())
            wrong << named(*widget) + " in " + named(*widget->parentWidget()) + " has no name";
    }
    QVERIFY(wanted.size() > 15);
    std::set<QWidget*> reached;
    for (std::size_t steps = 0; steps < 4 * wanted.size(); ++steps) {
        QTest::keyClick(rig.window.focusWidget() ? rig.window.focusWidget() : &rig.window, Qt::Key_Tab);
        reached.insert(rig.window.focusWidget());
    }
    for (QWidget* widget : wanted)
        if (widget->isVisible() && !reached.contains(widget))
            wrong << named(*widget) + " is not reached by Tab";
    std::fprintf(stderr, "%s: %zu things, %zu reached\n", qPrintable(tab), wanted.size(), reached.size());
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join("\n")));
}

// The numbers that a click follows, by arrows and Return.
void TestAccess::sentencesLeadByKeys()
{
    widgets::Sentence sentence;
    sentence.resize(600, 60);
    sentence.setRuns({{"TaylorShift", true}, {" moves ", false}, {"22 %", true}, {" and ", false}, {"68 %", true}});
    QVERIFY(sentence.focusPolicy() == Qt::NoFocus); // leads nowhere yet
    std::vector<int> followed;
    connect(&sentence, &widgets::Sentence::clicked, this, [&](int number) { followed.push_back(number); });
    QVERIFY(sentence.focusPolicy() == Qt::TabFocus);
    QTest::keyClick(&sentence, Qt::Key_Return);
    QTest::keyClick(&sentence, Qt::Key_Right);
    QTest::keyClick(&sentence, Qt::Key_Right); // no further
    QTest::keyClick(&sentence, Qt::Key_Return);
    QCOMPARE(followed, (std::vector{0, 1}));
    disconnect(&sentence, nullptr, this, nullptr);
}

void TestAccess::methodsAreToldApart_data()
{
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

// By colour whatever one sees of it (0.02 is the least that is seen), and by marker and dash where there is no colour;
// and from what they stand on.
void TestAccess::methodsAreToldApart()
{
    QFETCH(const bool, dark);
    widgets::ThemeSource::instance().set(dark, 1);
    const widgets::Theme& look = widgets::theme();
    std::vector<widgets::Identity> all;
    for (const engine::Method& method : engine::methods())
        all.push_back(widgets::identityOf(method.info));
    QVERIFY(all.size() >= 5);
    double least = 1;
    for (std::size_t one = 0; one < all.size(); ++one) {
        QVERIFY2(contrast(all[one].label(), look.panel) >= 4.5, qPrintable(all[one].title));
        QVERIFY2(contrast(all[one].outline(), look.panel) >= 3, qPrintable(all[one].title));
        for (std::size_t other = 0; other < one; ++other) {
            QVERIFY(all[one].marker != all[other].marker);
            QVERIFY(all[one].dash != all[other].dash);
            for (std::size_t eye = 0; eye < eyes.size(); ++eye) {
                const double far = apart(all[one].area(), all[other].area(), eyes[eye]);
                least = std::min(least, far);
                QVERIFY2(far > 0.03, qPrintable(QStringLiteral("%1 and %2, eye %3: %4")
                                                    .arg(all[one].title, all[other].title)
                                                    .arg(eye)
                                                    .arg(far)));
            }
        }
    }
    std::fprintf(stderr, "the two nearest are %.3f apart in OKLab\n", least);
}

QTEST_MAIN(TestAccess)
#include "tst_access.moc"
