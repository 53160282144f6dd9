// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/methodspanel.h"
#include "app/panels/studypanel.h"
#include "app/passkey/passkeydialog.h"
#include "app/passkey/passkeypanel.h"
#include "app/studywork.h"
#include "tests/app/windowrig.h"
#include "widgets/knobform.h"
#include "widgets/snapshot.h"

#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>

#include <map>
#include <mutex>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

// The program on the bundled sample, on the reference, with a tab of the compared method in front.
struct SampleProgram
{
    SampleProgram(const engine::LayerPlan& plan, const char* tab)
        : document(stateOf(plan, tab))
        , lanes(document)
        , wiring(document, lanes, window)
    {
        window.resize(1600, 900);
        window.show();
        wiring.start();
    }

    static DocumentState stateOf(const engine::LayerPlan& plan, const char* tab)
    {
        DocumentState state = startState();
        state.checkpoint = SUBQUAD_SOURCE_DIR "/samples/stories-1m";
        state.prompt = "Lily saw a cat in the park. She ran.";
        state.lanes[1].everywhere = plan;
        for (engine::SessionPlan& lane : state.lanes)
            lane.backend = engine::Backend::Reference;
        state.layout.tab = tab;
        return state;
    }

    bool rest() { return waitUntilIdle(lanes, 120000); }

    StudyPanel* page(const char* tab) { return window.findChild<StudyPanel*>(QString::fromLatin1(tab)); }

    const engine::Panel* panel(const char* tab, std::string_view id) const
    {
        const auto study = document.study(tab);
        if (!study)
            return nullptr;
        const auto found = std::ranges::find(study->study.panels, id, &engine::Panel::id);
        return found == study->study.panels.end() ? nullptr : &*found;
    }

    Document document;
    Lanes lanes;
    MainWindow window;
    Wiring wiring;
};

engine::LayerPlan withMemory()
{
    engine::LayerPlan plan;
    plan.attention = {"infini", {{"segment", 64}}};
    return plan;
}

// Counts engine work by its name.
class WorkCount
{
public:
    WorkCount()
    {
        setEngineHook([this](const char* what) {
            const std::scoped_lock lock(m_mutex);
            ++m_counts[what];
        });
    }

    ~WorkCount() { setEngineHook({}); }

    int of(const std::string& what)
    {
        const std::scoped_lock lock(m_mutex);
        return m_counts[what];
    }

private:
    std::mutex m_mutex;
    std::map<std::string, int> m_counts;
};

} // namespace

// What the tabs of methods ask of the program beyond a study: passkeys, one head's gate, an edited word.
class TestExperiments : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase() { QApplication::setStyle(new widgets::ProxyStyle); }

    void passkeysAreAskedForWithTheirPrice()
    {
        SampleProgram program(withMemory(), "memory");
        QVERIFY(program.rest());
        QVERIFY(program.page("kernel")->findChild<QPushButton*>("passkey") == nullptr); // it declares none
        auto* button = program.page("memory")->findChild<QPushButton*>("passkey");
        QVERIFY(button != nullptr && button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
        auto* dialog = program.window.findChild<PasskeyDialog*>();
        QVERIFY(dialog != nullptr && dialog->isVisible());
        const auto said = [&](const QString& words) {
            const auto labels = dialog->findChildren<QLabel*>();
            return std::ranges::any_of(labels, [&](const QLabel* label) { return label->text().contains(words); });
        };
        dialog->setForm({"200", "0,100", 1, 3});
        emit dialog->formChanged();
        QVERIFY(said("8 prompts") && said("about")); // four states of the memory, two depths
        auto* lengths = dialog->findChild<QLineEdit*>("lengths");
        lengths->clear();
        QTest::keyClicks(lengths, "long");
        QVERIFY(said("lengths 'long'") || said("'long'"));
        for (QPushButton* each : dialog->findChildren<QPushButton*>())
            if (each->isDefault())
                QVERIFY(!each->isEnabled());
        dialog->reject();
        QVERIFY(program.rest());
        QVERIFY(program.panel("memory", passkeyPanelId) == nullptr); // nothing ran
    }

    void theGridIsTheEngines()
    {
        SampleProgram program(withMemory(), "memory");
        QVERIFY(program.rest());
        QTest::mouseClick(program.page("memory")->findChild<QPushButton*>("passkey"), Qt::LeftButton);
        auto* dialog = program.window.findChild<PasskeyDialog*>();
        dialog->setForm({"200", "0,100", 1, 3});
        dialog->accept();
        QVERIFY(!program.document.jobs().empty()); // it is a job, with a title, and nothing waits for it
        QCOMPARE(program.document.jobs().back().title, QStringLiteral("Passkey"));
        QVERIFY(program.rest());
        const engine::Panel* panel = program.panel("memory", passkeyPanelId);
        QVERIFY(panel != nullptr);
        const auto& body = std::get<engine::HeatBody>(panel->body);
        QCOMPARE(body.maps.size(), std::size_t(4));
        QCOMPARE(body.maps[0].caption, std::string("memory on"));

        const auto& model = program.document.model();
        engine::Job job;
        const auto cells = engine::passkeyGrid(
            *model, program.document.state().lanes[1], {{0, 1}, {200}, 1, 3},
            [&](const engine::SessionPlan& plan, const engine::PasskeyQuestion&) {
                return engine::makeSession(model, plan, {}, nullptr, nullptr, 0, job);
            },
            job);
        QCOMPARE(cells.size(), std::size_t(8));
        std::vector<std::pair<int, int>> local;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            QCOMPARE(body.maps[i / 2].cells.at(0, int(i % 2)), float(cells[i].accuracy()));
            if (i < 2 && cells[i].local)
                local.emplace_back(0, int(i));
        }
        QCOMPARE(body.marked, local);
        QVERIFY(!cells[0].local && cells[1].local); // in front, far away; at the end, in the question's segment

        // Another head's study has it, too; what was asked for under other settings says so.
        Selection selection = program.document.state().selection;
        selection.head = {1};
        program.document.select(selection);
        QVERIFY(program.rest());
        QVERIFY(program.panel("memory", passkeyPanelId) != nullptr);
        QVERIFY(program.panel("memory", passkeyPanelId)->note.find("other settings") == std::string::npos);
        engine::SessionPlan plan = program.document.state().lanes[1];
        plan.everywhere.attention.knobs["segment"] = 32;
        program.document.setPlan(compared, plan);
        QVERIFY(program.rest());
        QVERIFY(program.panel("memory", passkeyPanelId)->note.find("other settings") != std::string::npos);

        // A second one can be stopped, and the first stays meanwhile and afterwards.
        const std::string words = program.panel("memory", passkeyPanelId)->words;
        QTest::mouseClick(program.page("memory")->findChild<QPushButton*>("passkey"), Qt::LeftButton);
        for (PasskeyDialog* each : program.window.findChildren<PasskeyDialog*>())
            if (each->isVisible()) {
                each->setForm({"200,400", "0,50,100", 2, 4});
                each->accept();
            }
        QCOMPARE(program.panel("memory", passkeyPanelId)->words, words);
        program.lanes.cancel(program.document.jobs().back().id);
        QVERIFY(program.rest());
        QCOMPARE(program.panel("memory", passkeyPanelId)->words, words);
    }

    // One head of the picked layer: what lies before that layer is not run again.
    void aHeadsGateIsSetLive()
    {
        SampleProgram program(withMemory(), "memory");
        QVERIFY(program.rest());
        Selection selection = program.document.state().selection;
        selection.layer = {2};
        selection.head = {1};
        program.document.select(selection);
        QVERIFY(program.rest());
        auto* form = program.window.methods().findChild<widgets::KnobForm*>("headKnobs");
        QVERIFY(form != nullptr && form->isVisible());
        auto* gate = form->findChild<QDoubleSpinBox*>("gate");
        QCOMPARE(gate->value(), 0.0);
        const auto before = program.document.lane(compared).run;
        WorkCount work;
        gate->setValue(3);
        const engine::LayerPlan own = program.document.state().lanes[1].of({2});
        const auto heads = std::size_t(program.document.model()->config().heads);
        QCOMPARE(own.parameters.at("gate")->size(), heads);
        for (std::size_t head = 0; head < heads; ++head)
            QCOMPARE((*own.parameters.at("gate"))[head], head == 1 ? 3.0F : 0.0F);
        QVERIFY(program.document.state().lanes[1].of({1}) == before->plan.everywhere);
        QCOMPARE(program.document.lane(compared).run, before); // until the new one is there
        QVERIFY(program.rest());
        QCOMPARE(work.of("run"), 1);
        QCOMPARE(work.of("rerun"), 1);
        // The layers before it are those of before, to the bit; it and what follows are not.
        const auto after = program.document.lane(compared).run;
        QVERIFY(after->plan == program.document.state().lanes[1]);
        for (int layer = 0; layer < program.document.model()->config().layers; ++layer) {
            const engine::Where place{{layer}, engine::allHeads, {}};
            const engine::Grid a = before->trace->grid(engine::probes::output, place);
            const engine::Grid b = after->trace->grid(engine::probes::output, place);
            QCOMPARE(a.rows(), b.rows());
            bool same = true;
            for (int row = 0; row < a.rows(); ++row)
                same = same && std::ranges::equal(a.row(row), b.row(row));
            QVERIFY2(same == (layer < 2), std::to_string(layer).c_str());
        }
        // The same as a run from the beginning.
        engine::Job job;
        engine::Recorder recorder(engine::mapFilter(after->plan));
        const auto session = engine::makeSession(program.document.model(), after->plan, {}, nullptr, nullptr, 0, job);
        session->feed(after->sequence->ids, recorder, job);
        const engine::Grid whole = recorder.take()->grid(engine::probes::logits, {});
        const engine::Grid again = after->trace->grid(engine::probes::logits, {});
        QCOMPARE(again.rows(), whole.rows());
        for (int row = 0; row < whole.rows(); ++row)
            for (int col = 0; col < whole.cols(); ++col)
                QVERIFY(std::abs(whole.at(row, col) - again.at(row, col)) < 1e-4F);
        // Undone in one step, and the form follows.
        program.document.undo();
        QVERIFY(program.rest());
        QVERIFY(program.document.lane(compared).run->plan == before->plan);
        QCOMPARE(gate->value(), 0.0);
    }

    // Layer 0 reads the embedding: what stands behind the edit moves there not at all, further up it does.
    void anEditedWordMovesCodes()
    {
        engine::LayerPlan plan;
        plan.linear = {"memoryformer", {{"tau", 4}}};
        SampleProgram program(plan, "buckets");
        QVERIFY(program.rest());
        QVERIFY(program.panel("buckets", "buckets.edit") == nullptr);
        QVERIFY(program.panel("buckets", "buckets.drift")->note.find("Edit a word") != std::string::npos);
        program.document.setPrompt("Lily saw a dog in the park. She ran.");
        QVERIFY(program.rest());
        const engine::Panel* panel = program.panel("buckets", "buckets.edit");
        QVERIFY(panel != nullptr);
        QVERIFY2(panel->words.starts_with("‘cat’ became ‘dog’ · the "), panel->words.c_str());
        const auto& body = std::get<engine::BarsBody>(panel->body);
        QCOMPARE(int(body.series[0].values.size()), program.document.model()->config().layers);
        QCOMPARE(body.series[0].values[0], 0.0);
        QCOMPARE(body.series[1].values[0], 0.0);
        QVERIFY(body.series[0].values[1] > 0);
        QVERIFY(body.series[1].values[1] > body.series[0].values[1]); // one bit moves a bucket of four
        // Another plan has no run of the prompt before.
        engine::SessionPlan other = program.document.state().lanes[1];
        other.everywhere.linear.knobs["tau"] = 2;
        program.document.setPlan(compared, other);
        QVERIFY(program.rest());
        QVERIFY(program.panel("buckets", "buckets.edit") == nullptr);
    }

    void picturesForTheEye()
    {
        const QString folder = qEnvironmentVariable("SUBQUAD_GALLERY");
        if (folder.isEmpty())
            QSKIP("SUBQUAD_GALLERY is not set");
        SampleProgram program(withMemory(), "memory");
        QVERIFY(program.rest());
        QTest::mouseClick(program.page("memory")->findChild<QPushButton*>("passkey"), Qt::LeftButton);
        auto* dialog = program.window.findChild<PasskeyDialog*>();
        QVERIFY(dialog->grab().save(folder + "/passkey-dialog.png"));
        dialog->setForm({"192,256,384,512", "0,25,50,75,100", 2, 1});
        dialog->accept();
        QVERIFY(program.rest());
        const auto sized = [](QWidget& window, QSize size) {
            window.resize(size);
            QTest::qWait(100); // what was laid out by the old size settles
            return widgets::snapshot(window, size);
        };
        QVERIFY(sized(program.window, {1366, 768}).save(folder + "/passkey-1366.png"));
        QVERIFY(sized(program.window, {1920, 2400}).save(folder + "/passkey-1920.png"));
        engine::LayerPlan tables;
        tables.linear = {"memoryformer", {{"tau", 4}}};
        SampleProgram edited(tables, "buckets");
        QVERIFY(edited.rest());
        edited.document.setPrompt("Lily saw a dog in the park. She ran.");
        QVERIFY(edited.rest());
        QVERIFY(sized(edited.window, {1920, 2400}).save(folder + "/edited-1920.png"));
    }
};

QTEST_MAIN(TestExperiments)
#include "tst_experiments.moc"
