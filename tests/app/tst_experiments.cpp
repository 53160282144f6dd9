// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/convert/convertdialog.h"
#include "app/panels/methodspanel.h"
#include "app/panels/studypanel.h"
#include "app/passkey/passkeydialog.h"
#include "app/passkey/passkeypanel.h"
#include "app/studywork.h"
#include "tests/app/windowrig.h"
#include "widgets/knobform.h"
#include "widgets/snapshot.h"

#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>

#include <map>
#include <mutex>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

// The program on the bundled sample, on the reference, with a tab of the compared method in front.
struct SampleProgram : WindowRig
{
    SampleProgram(const engine::LayerPlan& plan, const char* tab, const char* sample = "stories-1m")
        : WindowRig(stateOf(plan, tab, sample))
    {
    }

    static DocumentState stateOf(const engine::LayerPlan& plan, const char* tab, const char* sample)
    {
        DocumentState state = startState();
        state.checkpoint = std::string(SUBQUAD_SOURCE_DIR "/samples/") + sample;
        state.prompt = "Lily saw a cat in the park. She ran.";
        state.lanes[1].everywhere = plan;
        for (engine::SessionPlan& lane : state.lanes)
            lane.backend = engine::Backend::Reference;
        state.layout.tab = tab;
        return state;
    }

    StudyPanel* page(const char* tab) { return window.findChild<StudyPanel*>(QString::fromLatin1(tab)); }

    const engine::Panel* panel(const char* tab, std::string_view id) const
    {
        const auto study = document.study(tab);
        if (!study)
            return nullptr;
        const auto found = std::ranges::find(study->study.panels, id, &engine::Panel::id);
        return found == study->study.panels.end() ? nullptr : &*found;
    }
};

engine::LayerPlan withMemory(int segment = 64)
{
    engine::LayerPlan plan;
    plan.attention = {"infini", {{"segment", segment}}};
    return plan;
}

// The largest difference between two runs' records of a layer; infinite where they are not of one shape.
float furthest(const LaneRun& one, const LaneRun& other, std::string_view probe, int layer)
{
    const engine::Where place{{layer}, engine::allHeads, {}};
    const engine::Grid a = one.trace->grid(probe, place), b = other.trace->grid(probe, place);
    if (a.empty() || a.rows() != b.rows() || a.cols() != b.cols())
        return HUGE_VALF;
    float largest = 0;
    for (int row = 0; row < a.rows(); ++row)
        for (int col = 0; col < a.cols(); ++col)
            largest = std::max(largest, std::abs(a.at(row, col) - b.at(row, col)));
    return largest;
}

// What sessions read, sequence by sequence, and how often they were asked for logits.
class Readings
{
public:
    std::unique_ptr<engine::Session> watch(std::unique_ptr<engine::Session> session)
    {
        return std::make_unique<Watched>(*this, std::move(session));
    }

    // By hand: every token through the dense weights of every layer, every feed's last one through the classifier.
    double operations(const engine::Model& model, const engine::SessionPlan& plan) const
    {
        const engine::ModelConfig& c = model.config();
        const double projections = c.width * (2.0 * c.heads + 2.0 * c.keyHeads) * c.headWidth;
        const double layer = 2 * (projections + 3.0 * c.width * c.feedForwardWidth);
        double all = 2.0 * m_feeds * c.vocabulary * c.width;
        for (const int tokens : m_tokens) {
            const auto context = engine::layerContext(model, plan, {0}, {});
            const auto& part = context.plan.attention;
            const auto mixing = engine::findMethod(part.method).cost(context.shape, part.knobs, tokens).operations;
            all += c.layers * (layer * tokens + double(mixing));
        }
        return all;
    }

private:
    class Watched : public engine::Session
    {
    public:
        Watched(Readings& readings, std::unique_ptr<engine::Session> session)
            : m_readings(readings)
            , m_session(std::move(session))
        {
        }

        std::vector<float> feed(std::span<const engine::TokenId> tokens, engine::Recorder& recorder,
                                engine::Job& job) override
        {
            m_readings.m_tokens.back() += int(tokens.size());
            ++m_readings.m_feeds;
            return m_session->feed(tokens, recorder, job);
        }

        std::vector<float> rerun(const engine::SessionPlan& plan, engine::LayerIndex first,
                                 const engine::Entering& entering, engine::Recorder& recorder,
                                 engine::Job& job) override
        {
            return m_session->rerun(plan, first, entering, recorder, job);
        }

        void reset() override
        {
            m_readings.m_tokens.push_back(0);
            m_session->reset();
        }

        engine::SessionStats stats() override { return m_session->stats(); }

    private:
        Readings& m_readings;
        std::unique_ptr<engine::Session> m_session;
    };

    std::vector<int> m_tokens; // of each sequence
    int m_feeds = 0;
};

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

    // Without dense projections there is no exact layer that could stand around one that is looked at alone.
    void sampleOfTablesOpensWithoutComplaint()
    {
        SampleProgram program(engine::LayerPlan(), "attention", "stories-memoryformer-64");
        QVERIFY(program.rest());
        QVERIFY2(!program.document.message(),
                 program.document.message() ? qPrintable(program.document.message()->what) : "");
        const auto navigation = program.wiring.attention().work().navigation();
        QVERIFY(navigation != nullptr);
        QCOMPARE(navigation->local, std::vector<double>(4, 0.0));
    }

    // Without a causal mask every row is another one when the text grows, and none predicts what follows.
    void encoderReadsItsWholeTextAgain()
    {
        QTemporaryDir folder;
        const auto path = std::filesystem::path(folder.path().toStdString()) / "encoder";
        samples::writeLlamaFolder(path, {.layers = 2}, samples::Element::F32, R"(,"subquad":{"causal":false})");
        WindowRig rig(WindowRig::referenceState(path));
        QVERIFY(rig.rest());
        const auto before = rig.document.lane({0}).run;
        rig.document.setGenerated(2);
        QVERIFY(rig.rest());
        QVERIFY2(!rig.document.message(), rig.document.message() ? qPrintable(rig.document.message()->what) : "");
        const auto after = rig.document.lane({0}).run;
        QCOMPARE(after->sequence->ids.size(), before->sequence->ids.size() + 2);
        const auto first = [](const LaneRun& run) { return run.trace->grid(engine::probes::logits, {}).row(0)[0]; };
        QVERIFY(first(*before) != first(*after));
        QVERIFY(std::ranges::all_of(after->losses, [](float loss) { return std::isnan(loss); }));
    }

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
        Readings read;
        const auto cells = engine::passkeyGrid(
            *model, program.document.state().lanes[1], {{0, 1}, {200}, 1, 3},
            [&](const engine::SessionPlan& plan, const engine::PasskeyQuestion&) {
                return read.watch(engine::makeSession(model, plan, {}, nullptr, nullptr, 0, job));
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

        // The price is what ran, or a little more: prompts are as long as whole sentences allow.
        const double price = passkeyOperations(*model, program.document.state().lanes[1], {{0, 1}, {200}, 1, 3});
        const double ran = read.operations(*model, program.document.state().lanes[1]);
        QVERIFY2(price >= ran && price < 1.2 * ran, qPrintable(QString("%1 of %2").arg(price).arg(ran)));

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
        SampleProgram program(withMemory(4), "memory"); // the text is longer than a segment: gates matter
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
        // Nor are its local attention and its memories, for the map as for the tab: their branches are mixed anew. The
        // overview of all heads looks at every layer.
        QCOMPARE(program.document.study("memory")->layer->layer, selection.layer);
        QCOMPARE(work.of("attend"), 2 * program.document.model()->config().layers * work.of("navigate"));
        QCOMPARE(work.of("retold"), 2);
        // The layers before it are those of before, to the bit; it and what follows are not.
        const auto after = program.document.lane(compared).run;
        QVERIFY(after->plan == program.document.state().lanes[1]);
        for (int layer = 0; layer < program.document.model()->config().layers; ++layer) {
            const float apart = furthest(*before, *after, engine::probes::output, layer);
            QVERIFY2(layer < 2 ? apart == 0 : apart > 1e-3F, qPrintable(QString("%1: %2").arg(layer).arg(apart)));
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

        // In layer 0 too: nothing is fed again, and its queries, keys and values are those of before.
        selection.layer = {0};
        program.document.select(selection);
        QVERIFY(program.rest());
        const int reruns = work.of("rerun");
        gate->setValue(-2);
        QVERIFY(program.rest());
        QCOMPARE(work.of("rerun"), reruns + 1);
        const auto third = program.document.lane(compared).run;
        QVERIFY(third->plan.of({0}) != before->plan.of({0}));
        QCOMPARE(furthest(*before, *third, engine::probes::queryRaw, 0), 0.0F);
        QVERIFY(furthest(*before, *third, engine::probes::output, 0) > 1e-3F);
    }

    // From the menu: what it takes is said first; a text too short and a stop leave everything as it is; the result
    // opens by itself.
    void convertsFromTheWindow()
    {
        QTemporaryDir folder;
        const std::filesystem::path place = folder.path().toStdString();
        const auto write = [&](const char* name, int times) {
            QFile file(QString::fromStdString((place / name).string()));
            if (file.open(QIODevice::WriteOnly))
                file.write(QByteArray("the cat and the dog ").repeated(times));
            return file.fileName();
        };
        const QString text = write("text.txt", 30), little = write("little.txt", 1);
        WindowRig rig(tinyCheckpoint(folder));
        QVERIFY(rig.rest());
        const auto entries = rig.window.menu("Model")->actions();
        const auto entry = std::ranges::find(entries, QStringLiteral("Convert…"), &QAction::text);
        QVERIFY(entry != entries.end() && (*entry)->isEnabled());
        const EngineWatch watch;
        const auto asked = [&](const ConvertForm& form) -> ConvertDialog* {
            (*entry)->trigger();
            for (ConvertDialog* dialog : rig.window.findChildren<ConvertDialog*>()) {
                if (!dialog->isVisible())
                    continue;
                dialog->setForm(form);
                return rig.rest() ? dialog : nullptr;
            }
            return nullptr;
        };
        const auto priceOf = [](ConvertDialog& dialog) { return dialog.findChild<QLabel*>("price")->text(); };
        const auto canRun = [](ConvertDialog& dialog) {
            const auto buttons = dialog.findChildren<QPushButton*>();
            return (*std::ranges::find_if(buttons, &QPushButton::isDefault))->isEnabled();
        };
        const QString out = QString::fromStdString((place / "converted").string());
        ConvertForm form{"memoryformer", {{"tau", 2}}, "1", text, out};

        // Refused before anything runs, in a sentence.
        ConvertDialog* dialog = asked({"memoryformer", {}, "9", text, out});
        QVERIFY(dialog != nullptr && priceOf(*dialog).contains("layer '9'") && !canRun(*dialog));
        dialog->setForm({"memoryformer", {}, "all", {}, out});
        QVERIFY(priceOf(*dialog).contains("text") && !canRun(*dialog));
        dialog->setForm({"memoryformer", {}, "all", text, folder.path()});
        QVERIFY(rig.rest());
        QVERIFY(priceOf(*dialog).contains("there already") && !canRun(*dialog));
        dialog->reject();

        // Too short for its tables: said, and nothing is left behind.
        const auto model = rig.document.model();
        const auto look = rig.document.lane(compared).look;
        dialog = asked({"memoryformer", {{"tau", 8}}, "1", little, out});
        QVERIFY(dialog != nullptr && canRun(*dialog));
        dialog->accept();
        QVERIFY(rig.rest());
        QVERIFY(rig.document.message());
        QVERIFY((rig.document.message()->what + rig.document.message()->why).contains("would stay empty"));
        QVERIFY(!std::filesystem::exists(place / "converted"));
        rig.document.setMessage(std::nullopt);

        // Stopped.
        dialog = asked(form);
        QVERIFY(dialog != nullptr && canRun(*dialog));
        QVERIFY2(priceOf(*dialog).contains("tokens. It takes") && priceOf(*dialog).contains("fitted"),
                 qPrintable(priceOf(*dialog)));
        dialog->accept();
        QCOMPARE(rig.document.jobs().back().title, QStringLiteral("Converting"));
        QCOMPARE(rig.document.lane(compared).look, look); // the picture stays
        rig.lanes.cancel(rig.document.jobs().back().id);
        QVERIFY(rig.rest());
        QVERIFY(!rig.document.message() && rig.document.model() == model);
        QVERIFY(!std::filesystem::exists(place / "converted"));

        // Done: it says what came of it, and is open.
        dialog = asked(form);
        QVERIFY(dialog != nullptr);
        dialog->accept();
        QVERIFY(rig.rest());
        QVERIFY(rig.document.model() != model);
        QCOMPARE(rig.document.state().checkpoint, place / "converted");
        QVERIFY(rig.document.model()->checkpoint().hasNative);
        QCOMPARE(rig.document.model()->checkpoint().calibration.size(), std::size_t(64));
        QVERIFY(rig.document.message() && rig.document.message()->why.contains("Perplexity"));
        QCOMPARE(rig.document.comparedPlan().of({1}).linear.method, std::string("memoryformer"));
        QCOMPARE(watch.here(), 0); // all of it elsewhere than on this thread
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
        SampleProgram program(withMemory(), "memory", "stories-infini");
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
        for (const bool dark : {false, true}) {
            ViewLayout layout = program.document.state().layout;
            layout.dark = dark;
            program.document.setLayout(layout);
            for (const QSize size : {QSize(1366, 768), QSize(1920, 1080)}) {
                sized(program.window, size);
                for (auto* scroll : program.page("memory")->findChildren<QScrollArea*>())
                    scroll->verticalScrollBar()->setValue(scroll->verticalScrollBar()->maximum());
                const QString name = QString("/passkey-%1-%2.png").arg(size.width()).arg(dark ? "dark" : "light");
                QVERIFY(sized(program.window, size).save(folder + name));
            }
        }
        engine::LayerPlan tables;
        tables.linear = {"memoryformer", {{"tau", 4}}};
        SampleProgram edited(tables, "buckets");
        QVERIFY(edited.rest());
        for (QAction* action : edited.window.menu("Model")->actions())
            if (action->text() == QStringLiteral("Convert…"))
                action->trigger();
        auto* convert = edited.window.findChild<ConvertDialog*>();
        ConvertForm form = convert->form();
        form.text = SUBQUAD_SOURCE_DIR "/samples/heldout.txt";
        convert->setForm(form);
        QVERIFY(edited.rest());
        QVERIFY(convert->grab().save(folder + "/convert-dialog.png"));
        convert->reject();
        edited.document.setPrompt("Lily saw a dog in the park. She ran.");
        QVERIFY(edited.rest());
        QVERIFY(sized(edited.window, {1920, 2400}).save(folder + "/edited-1920.png"));
    }
};

QTEST_MAIN(TestExperiments)
#include "tst_experiments.moc"
