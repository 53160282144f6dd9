// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint whose weights make every query, key, value and normalised input a number chosen here: it goes through
// the device's buffers into the methods' tabs, and what the papers' equations make of it is found on screen.
#include "app/panels/studypanel.h"
#include "app/studywork.h"
#include "engine/methods/method.h"
#include "tests/app/windowrig.h"
#include "widgets/studyview.h"

#include <QAccessible>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <numbers>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};
constexpr int segment = 16;

// Every token is a row of ones, so the input of the projections is `sentinel` throughout; queries and values are its
// mean, and keys have it in every second place and in the others what makes cos(q, k) the sentinel where nothing is
// rotated: at the first token.
std::filesystem::path checkpointOf(double sentinel, const QTemporaryDir& folder)
{
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "sentinel";
    samples::Shape shape;
    samples::writeLlamaFolder(path, shape);
    std::vector<samples::Tensor> tensors = samples::llamaTensors(shape);
    const double other = std::tan(std::numbers::pi / 4 - std::acos(sentinel));
    for (samples::Tensor& tensor : tensors) {
        const auto fill = [&](double even, double odd) {
            const auto width = std::size_t(tensor.shape.back());
            for (std::size_t i = 0; i < tensor.numbers.size(); ++i)
                tensor.numbers[i] = float(i / width % 2 == 0 ? even : odd);
        };
        if (tensor.name.find("embed_tokens") != std::string::npos)
            fill(1, 1);
        else if (tensor.name.find("input_layernorm") != std::string::npos)
            fill(sentinel, sentinel);
        else if (tensor.name.find("q_proj") != std::string::npos || tensor.name.find("v_proj") != std::string::npos)
            fill(1.0 / shape.width, 1.0 / shape.width);
        else if (tensor.name.find("k_proj") != std::string::npos)
            fill(other / shape.width, 1.0 / shape.width);
    }
    samples::writeFile(path / "model.safetensors", samples::safetensors(tensors));
    return path;
}

// Whether a text has a number that is `expected` to the digits it shows, three or more.
bool tells(QString text, double expected)
{
    static const QRegularExpression number(QStringLiteral("-?\\d+\\.\\d+"));
    text.replace(QChar(0x2212), u'-').remove(QChar(0x2009));
    auto found = number.globalMatch(text);
    while (found.hasNext())
        if (std::abs(found.next().captured().toDouble() / expected - 1) < 0.005)
            return true;
    return false;
}

// By the table that a screen reader reads, or by the text under the pointer as the keys move it.
bool isOnScreen(widgets::StudyBody& body, double expected)
{
    QAccessibleInterface* access = QAccessible::queryAccessibleInterface(&body);
    if (QAccessibleTableInterface* table = access != nullptr ? access->tableInterface() : nullptr) {
        for (int row = 0; row < table->rowCount(); ++row)
            for (int col = 0; col < table->columnCount(); ++col)
                if (tells(table->cellAt(row, col)->text(QAccessible::Value), expected))
                    return true;
        return false;
    }
    for (const Qt::Key key : {Qt::Key_Right, Qt::Key_Down})
        for (int step = 0; step < 32; ++step) {
            QTest::keyClick(&body, key);
            if (tells(body.hoverText(), expected))
                return true;
        }
    return false;
}

struct Expected
{
    std::string panel;
    double number;
};

// What the equations make of a constant s. Infini: σ(k) = elu(k) + 1, z = Σ σ(k), M = Σ σ(k) v. DiJiang: the first
// coefficient of the DCT-II of a constant is s √d. TaylorShift: the first row has one key, of score s. MemoryFormer:
// the entries of the hashed input are s.
std::vector<Expected> expectations(std::string_view tab, double s, int headWidth)
{
    if (tab == "memory")
        return {{"z", segment * (s + 1)}, {"memories", segment * (s + 1) * s}};
    if (tab == "spectrum")
        return {{"spectrogram", s * std::sqrt(headWidth)}};
    if (tab == "kernel")
        return {{"kernel.terms", s / (1 + s + s * s / 2)}, {"kernel.rest", std::exp(s) / (1 + s + s * s / 2) - 1}};
    if (tab == "buckets")
        return {{"buckets.codes", s}};
    return {};
}

} // namespace

class TestSentinels : public QObject
{
    Q_OBJECT

private slots:

    static void initTestCase() { QApplication::setStyle(new widgets::ProxyStyle); }

    void goThroughTheEnginesBuffers_data();
    void goThroughTheEnginesBuffers();
};

void TestSentinels::goThroughTheEnginesBuffers_data()
{
    QTest::addColumn<std::string>("tab");
    QTest::addColumn<double>("sentinel");
    for (const engine::TabSpec* tab : methodTabs())
        for (const double sentinel : {0.7319, 0.4181})
            QTest::addRow("%s %g", std::string(tab->id).c_str(), sentinel) << std::string(tab->id) << sentinel;
}

void TestSentinels::goThroughTheEnginesBuffers()
{
    QFETCH(const std::string, tab);
    QFETCH(const double, sentinel);
    const QTemporaryDir folder;
    WindowRig rig(checkpointOf(sentinel, folder));
    QVERIFY(rig.rest());
    rig.document.setPrompt("the cat and the dog and a");
    rig.document.setPlan(compared, planWithTab(rig.document.state().lanes[1], tab));
    ViewLayout layout = rig.document.state().layout;
    layout.tab = tab;
    if (tab == "memory")
        layout.controls[tab]["segment"] = 1;
    rig.document.setLayout(layout);
    QVERIFY(rig.rest());
    QVERIFY(rig.document.tokenCount() > segment && rig.document.tokenCount() < 2 * segment);
    std::vector<widgets::StudyPane*> panes;
    for (widgets::StudyView* view : rig.window.findChildren<widgets::StudyView*>())
        if (view->isVisible())
            panes = view->panels().panes();
    const auto all = expectations(tab, sentinel, samples::Shape().headWidth());
    QVERIFY(!all.empty());
    for (const Expected& expected : all) {
        const auto pane =
            std::find_if(panes.begin(), panes.end(), [&](auto* each) { return each->panel().id == expected.panel; });
        QVERIFY2(pane != panes.end(), expected.panel.c_str());
        QVERIFY2(isOnScreen((*pane)->body(), expected.number),
                 qPrintable(QString("%1: %2").arg(expected.panel.c_str()).arg(expected.number)));
        QVERIFY2(!isOnScreen((*pane)->body(), 1.17 * expected.number), expected.panel.c_str());
    }
}

QTEST_MAIN(TestSentinels)
#include "tst_sentinels.moc"
