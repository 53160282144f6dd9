// SPDX-License-Identifier: GPL-3.0-or-later
// The Timing tab: numbers that only this test can have put there are found on screen, its interactions are played, a
// sweep is asked for, stopped and told of, and figures lead back to their views.
#include "app/figuredialogs.h"
#include "app/figures.h"
#include "app/mainwindow.h"
#include "app/panels/timingpanel.h"
#include "app/provenance.h"
#include "app/timing.h"
#include "app/tour.h"
#include "app/wiring.h"
#include "app/wording.h"
#include "tests/app/windowrig.h"
#include "tests/support/samples.h"
#include "widgets/messagebar.h"
#include "widgets/numbers.h"
#include "widgets/pictureview.h"
#include "widgets/plotview.h"
#include "widgets/proxystyle.h"
#include "widgets/segment.h"
#include "widgets/sentence.h"
#include "widgets/snapshot.h"
#include "widgets/timelineview.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QInputDialog>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLineEdit>
#include <QMimeData>
#include <QMouseEvent>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

using namespace app;

namespace {

constexpr engine::LaneIndex compared{1};

// The whole program on a tiny checkpoint, on the reference.
struct Program : WindowRig
{
    explicit Program(const std::filesystem::path& checkpoint, const std::string& tab = "timing")
        : WindowRig(stateIn(checkpoint, tab))
    {
    }

    static DocumentState stateIn(const std::filesystem::path& checkpoint, const std::string& tab)
    {
        DocumentState state = referenceState(checkpoint);
        state.lanes[1].everywhere.attention.method = "taylorshift";
        state.layout.tab = tab;
        return state;
    }

    TimingPanel& panel() { return *window.findChild<TimingPanel*>(); }

    QPushButton& button(const QString& text)
    {
        for (QPushButton* each : panel().findChildren<QPushButton*>())
            if (each->text() == text)
                return *each;
        qFatal("no button %s", qPrintable(text));
    }

    // What is asked when a figure is dropped, answered.
    bool answerOffer(const QString& choice)
    {
        auto* offer = window.findChild<FigureOffer*>();
        if (offer == nullptr)
            return false;
        for (QPushButton* each : offer->findChildren<QPushButton*>())
            if (each->text() == choice)
                each->click();
        window.activateWindow(); // as a window manager does when the dialog closes
        return rest();
    }

    // The shortcut's file dialog, answered.
    bool answerDialog(const QString& path)
    {
        auto* dialog = window.findChild<QFileDialog*>();
        if (dialog == nullptr)
            return false;
        emit dialog->fileSelected(path);
        dialog->close();
        return rest();
    }
};

engine::Timing timingOf(std::int64_t ns)
{
    return engine::summarise({ns - ns / 10, ns, ns + ns / 10}, false);
}

// Times that nothing measures: exact 4.321 ms at 256, TaylorShift slower at 16 and 64, faster from some 128 on.
std::shared_ptr<SweepResult> sentinels()
{
    auto result = std::make_shared<SweepResult>();
    result->request.methods = {{std::string(engine::baseline), {}}, {"taylorshift", {}}};
    result->request.shape = {4, 4, 8, 8, false};
    result->request.lengths = {16, 64, 256};
    result->request.repeats = 3;
    result->sweep.machine = "a machine that is nowhere";
    result->sweep.peaks = {123.4e9, 56.7e9};
    const std::int64_t exact[] = {111111, 333333, 4321000}, own[] = {222222, 444444, 1234000};
    for (std::size_t at = 0; at < 3; ++at)
        for (int place = 0; place < 2; ++place) {
            engine::SweepRow row;
            row.place = place;
            row.method = result->request.methods[std::size_t(place)].method;
            row.shape = result->request.shape;
            row.tokens = result->request.lengths[at];
            row.threads = 7;
            row.cost = engine::findMethod(row.method).cost(row.shape, {}, row.tokens);
            row.timing = timingOf(place == 0 ? exact[at] : own[at]);
            row.stateBytes = std::size_t(place == 0 ? row.tokens * 100 : 4321);
            result->sweep.rows.push_back(row);
        }
    return result;
}

QString factsText(const TimingPanel& panel)
{
    QString text;
    for (const widgets::FactsView* facts : panel.findChildren<widgets::FactsView*>())
        if (!facts->isHidden())
            text += facts->facts().title + QStringLiteral(" ") + facts->accessibleDescription() + QStringLiteral("\n");
    return text.replace(QChar(0x00A0), u' ').replace(QChar(0x202F), u' ').replace(QChar(0x2009), u' ');
}

QString plain(QString text)
{
    return text.replace(QChar(0x00A0), u' ').replace(QChar(0x202F), u' ').replace(QChar(0x2009), u' ');
}

} // namespace

class TestTiming : public QObject
{
    Q_OBJECT

private slots:

    void initTestCase()
    {
        QApplication::setStyle(new widgets::ProxyStyle);
        m_path = std::filesystem::path(m_folder.path().toStdString()) / "tiny";
        samples::Shape shape;
        shape.layers = 2;
        samples::writeLlamaFolder(m_path, shape);
    }

    void sentinelsAreOnScreen()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const auto result = sentinels();
        program.document.setSweep(result);
        TimingPanel& panel = program.panel();
        QVERIFY(panel.isVisible());

        // The sentence has the crossing that the engine finds in these rows.
        const auto crossing = engine::crossover(result->sweep, 1);
        QVERIFY(crossing && *crossing > 64 && *crossing < 256);
        const QString sentence = plain(panel.findChild<widgets::Sentence*>()->text());
        QVERIFY2(sentence.contains(QStringLiteral("From %1 tokens on").arg(std::llround(*crossing))),
                 qPrintable(sentence));

        // Every number is read from the plot, by pointer and by screen reader.
        QCOMPARE(plain(panel.plot().readAt(256).join("; ")),
                 QStringLiteral("Exact softmax 4.32 ms; TaylorShift 1.23 ms"));
        QVERIFY(plain(panel.plot().accessibleDescription()).contains("TaylorShift from 0.222"));
        const QString facts = factsText(panel);
        for (const char* number : {"123 GFLOP/s", "56.7 GB/s", "4.32", "1.23", "7"})
            QVERIFY2(facts.contains(QString::fromUtf8(number)), qPrintable(QString::fromUtf8(number) + "\n" + facts));
        for (const std::int64_t held : {25600, 4321})
            QVERIFY2(facts.contains(plain(widgets::bytes(held))), qPrintable(facts));
        QVERIFY(facts.contains(QStringLiteral("--lengths 16:256:x4")) ||
                panel.side().findChildren<widgets::FactsView*>().back()->facts().code.contains("--lengths 16:256:x4"));

        // And in the picture: the marker of the method stands at its number, in its colour.
        const QImage picture = widgets::snapshot(panel.plot(), panel.plot().size());
        const QPointF place = panel.plot().layoutNow().at({256, 1.234});
        const QColor expected = panel.plot().plot().series[1].identity->area();
        QCOMPARE(QColor(picture.pixel(place.toPoint())), expected);
    }

    // Stages, kernels and spreads that nothing measured are read in all three views of the pass.
    void sentinelsOfAPassAreOnScreen()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const auto passes = std::make_shared<PassSet>(*program.document.passes());
        engine::PassTimes& own = passes->lanes[1].times;
        own.stages = {{"upload", engine::stageTrack, 0, 1111000},
                      {"attention", engine::stageTrack, 1111000, 8888000},
                      {"download", engine::stageTrack, 8888000, 9321000}};
        own.launches = {{"sentinel", engine::launchTrack, 1200000, 4656000},
                        {"sentinel", engine::launchTrack, 5000000, 6010000}};
        own.attention = timingOf(7777000);
        own.upload = timingOf(1111000);
        own.download = timingOf(433000);
        own.map = timingOf(3210000);
        own.cost.operations = 67100000;
        own.cost.bytesMoved = 262000;
        program.document.setPasses(passes);

        TimingPanel& panel = program.panel();
        QStringList read; // every span of every row, by its keys
        for (int row = 0; row < 8; ++row) {
            QTest::keyClick(&panel.timeline(), Qt::Key_Down);
            for (int span = 0; span < 4; ++span) {
                read << plain(panel.timeline().detail());
                QTest::keyClick(&panel.timeline(), Qt::Key_Right);
            }
        }
        const QString all = read.join(u'\n');
        for (const QString& words :
             {QStringLiteral("sentinel  ·  3.46 ms"), QStringLiteral("1 of 2 in this pass"),
              QStringLiteral("upload  ·  1.11 ms"), QStringLiteral("read back  ·  0.433 ms"),
              QStringLiteral("TaylorShift  ·  7.78 ms"), QStringLiteral("67.1 MFLOP, 8.63 GFLOP/s, 256 flop per byte")})
            QVERIFY2(all.contains(words), qPrintable(words + "\n" + all));
        const QString facts = factsText(panel);
        for (const char* words : {"sentinel 2 4.47 ms 3.46 ms", "7.78 ms", "3.21 ms", "1.11 ms", "0.433 ms"})
            QVERIFY2(facts.contains(QString::fromUtf8(words)), qPrintable(QString::fromUtf8(words) + "\n" + facts));
    }

    void disturbedTimesAreMarked()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        auto result = sentinels();
        program.document.setSweep(result);
        const auto warned = [&] {
            for (const widgets::MessageBar* bar : program.panel().findChildren<widgets::MessageBar*>())
                if (bar->isVisible())
                    return true;
            return false;
        };
        QVERIFY(!warned());
        result = sentinels();
        for (engine::SweepRow& row : result->sweep.rows)
            row.timing.disturbed = row.tokens == 64;
        program.document.setSweep(result);
        QVERIFY(warned());
        QCOMPARE(program.panel().plot().plot().series[0].hollow, (std::vector<bool>{false, true, false}));
    }

    void interactionsArePlayed()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        program.document.setSweep(sentinels());
        widgets::PlotView& plot = program.panel().plot();
        const widgets::PlotLayout before = plot.layoutNow();
        const QPoint near = before.at({64, 0.3}).toPoint() + QPoint(3, 0);
        const QString atRest = plot.accessibleDescription();

        // Hover reads, a click keeps, leaving loses what is not kept, Esc lets go.
        QTest::mouseMove(&plot, near);
        QVERIFY(plain(plot.accessibleDescription()).startsWith("64 tokens: Exact softmax 0.333 ms"));
        QTest::mouseClick(&plot, Qt::LeftButton, {}, near);
        QCOMPARE(plot.pinned(), std::optional(64.0));
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(&plot, &leave);
        QVERIFY(plain(plot.accessibleDescription()).startsWith("64 tokens"));
        plot.setFocus();
        QTest::keyClick(&plot, Qt::Key_Escape);
        QVERIFY(!plot.pinned());
        QCOMPARE(plot.accessibleDescription(), atRest);

        // The wheel zooms, a double click shows all again; arrows walk.
        QWheelEvent wheel(near, plot.mapToGlobal(near), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&plot, &wheel);
        QVERIFY(plot.layoutNow().xHigh < before.xHigh && plot.layoutNow().xLow > before.xLow);
        QTest::mouseDClick(&plot, Qt::LeftButton, {}, near);
        QCOMPARE(plot.layoutNow().xHigh, before.xHigh);
        QTest::keyClick(&plot, Qt::Key_Right);
        QTest::keyClick(&plot, Qt::Key_Right);
        QVERIFY(!plot.accessibleDescription().isEmpty());

        // Another quantity is another plot.
        emit program.panel().quantity().chosen(3);
        QVERIFY(plot.plot().y.format == widgets::AxisSpec::Format::Bytes);
        QCOMPARE(
            plain(plot.readAt(256).join("; ")),
            plain(QStringLiteral("Exact softmax %1; TaylorShift %2").arg(widgets::bytes(25600), widgets::bytes(4321))));
        // 100 bytes a token against 4,321: the line stands where they cross.
        QCOMPARE(plot.plot().marks.size(), std::size_t(1));
        QVERIFY(std::abs(plot.plot().marks.front().at - 43.21) < 0.01);
        QVERIFY(plot.plot().marks.front().text.contains("43"));
        program.document.undo();
        QCOMPARE(program.panel().quantity().current(), 0);
        QVERIFY(plot.plot().y.format != widgets::AxisSpec::Format::Bytes);
    }

    // What the tab shows and what a sweep is set to are the document's: undone, and in the session.
    void viewsAreUndoneAndRestored()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        TimingPanel& panel = program.panel();
        emit panel.taken().chosen(2);
        program.document.sealStep();
        QLineEdit* lengths = panel.side().findChild<QLineEdit*>();
        QVERIFY(lengths != nullptr);
        const SweepForm first = panel.side().form();
        lengths->selectAll();
        QTest::keyClicks(lengths, "32");
        QCOMPARE(program.document.state().layout.timing.form->lengths, QStringLiteral("32"));
        program.document.sealStep();
        widgets::TimelineView& timeline = panel.timeline();
        const auto all = timeline.window();
        QWheelEvent wheel(QPointF(400, 40), timeline.mapToGlobal(QPointF(400, 40)), {}, {0, 480}, Qt::NoButton, {},
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&timeline, &wheel);
        const auto near = timeline.window();
        QVERIFY(near != all);
        QTRY_VERIFY(program.document.state().layout.sights.count("timeline") > 0);
        const DocumentState kept = program.document.state();

        program.document.undo();
        QCOMPARE(timeline.window(), all);
        program.document.undo();
        QVERIFY(panel.side().form() == first);
        program.document.undo();
        QCOMPARE(panel.taken().current(), 0);
        program.document.become(kept);
        QCOMPARE(timeline.window(), near);
        QCOMPARE(panel.side().form().lengths, QStringLiteral("32"));
        QCOMPARE(panel.taken().current(), 2);
    }

    // What a sweep has found stands in the live strip beside what was predicted.
    void theLiveStripTellsWhatWasMeasured()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const auto measured = [&] {
            QStringList found;
            for (const widgets::LiveValue::Number& number : liveValueOf(program.document).numbers)
                if (number.label.contains("measured"))
                    found << number.value;
            return found;
        };
        QVERIFY(measured().isEmpty());
        auto sweep = std::make_shared<SweepResult>(*sentinels());
        program.document.setSweep(sweep);
        const auto crossing = engine::crossover(sweep->sweep, 1);
        QVERIFY(crossing);
        QCOMPARE(measured(), QStringList(widgets::whole(std::llround(*crossing))));
        sweep = std::make_shared<SweepResult>(*sweep);
        sweep->request.shape.causal = true; // another question
        program.document.setSweep(sweep);
        QVERIFY(measured().isEmpty());
    }

    void passesAreTakenApart()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const auto& passes = program.document.passes(); // a second's work starts by itself
        QVERIFY(passes && passes->lanes.size() == 2);
        QCOMPARE(passes->lanes[1].layer, program.document.lane(compared).look->layer);
        widgets::TimelineView& timeline = program.panel().timeline();
        timeline.setFocus();
        QTest::keyClick(&timeline, Qt::Key_Right);
        QVERIFY2(timeline.detail().contains("Exact"), qPrintable(timeline.detail()));
        const auto all = timeline.window();
        QWheelEvent wheel(QPointF(400, 40), timeline.mapToGlobal(QPointF(400, 40)), {}, {0, 480}, Qt::NoButton, {},
                          Qt::NoScrollPhase, false);
        QCoreApplication::sendEvent(&timeline, &wheel);
        QVERIFY(timeline.window().second - timeline.window().first < all.second - all.first);
        QTest::keyClick(&timeline, Qt::Key_F);
        QCOMPARE(timeline.window(), all);

        // Pointing tells, a click locks, Esc and a second click let go.
        QTest::keyClick(&timeline, Qt::Key_Escape);
        const QString atRest = timeline.detail();
        QPoint span;
        for (int y = 4; y < timeline.height() && timeline.detail() == atRest; y += 8)
            for (int x = 60; x < timeline.width() && timeline.detail() == atRest; x += 5) {
                span = {x, y};
                QMouseEvent over(QEvent::MouseMove, span, timeline.mapToGlobal(span), Qt::NoButton, Qt::NoButton, {});
                QCoreApplication::sendEvent(&timeline, &over);
            }
        const QString told = timeline.detail();
        QVERIFY(told != atRest);
        QEvent leave(QEvent::Leave);
        QCoreApplication::sendEvent(&timeline, &leave);
        QCOMPARE(timeline.detail(), atRest);
        for (const bool byKey : {true, false}) {
            QTest::mouseClick(&timeline, Qt::LeftButton, {}, span);
            QCoreApplication::sendEvent(&timeline, &leave);
            QCOMPARE(timeline.detail(), told);
            if (byKey)
                QTest::keyClick(&timeline, Qt::Key_Escape);
            else
                QTest::mouseClick(&timeline, Qt::LeftButton, {}, span);
            QCoreApplication::sendEvent(&timeline, &leave);
            QCOMPARE(timeline.detail(), atRest);
        }
        widgets::snapshot(timeline, timeline.size());
        QVERIFY(timeline.drawnSpans() > 0 && timeline.drawnSpans() < timeline.width() * 6);
    }

    void picturesForTheEye()
    {
        const QString folder = qEnvironmentVariable("SUBQUAD_GALLERY");
        if (folder.isEmpty())
            QSKIP("SUBQUAD_GALLERY=folder writes them");
        Program program(m_path);
        QVERIFY(program.rest());
        program.document.setSweep(sentinels());
        for (const int part : {0, 1, 2}) {
            emit program.panel().taken().chosen(part);
            for (const int quantity : {0, 3}) {
                emit program.panel().quantity().chosen(quantity);
                QTest::qWait(50);
                widgets::snapshot(program.window, {1600, 900})
                    .save(QStringLiteral("%1/timing-%2-%3.png").arg(folder).arg(part).arg(quantity));
            }
        }
    }

    void aSweepIsAskedForAndTold()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        QVERIFY(!program.document.sweep()); // never by itself
        TimingSide& side = program.panel().side();
        side.setForm({QStringLiteral("4,8,16"), QStringLiteral("2"), false, true});
        emit side.formChanged();
        QTest::mouseClick(&program.button(QStringLiteral("Run the sweep")), Qt::LeftButton);
        QVERIFY(program.rest());
        const auto& sweep = program.document.sweep();
        QVERIFY(sweep && sweep->complete);
        QCOMPARE(lengthsOf(sweep->sweep), (std::vector<int>{4, 8, 16}));
        // What cannot be timed without a mask is named.
        QCOMPARE(sweep->leftOut.size() + sweep->request.methods.size(), engine::methods().size());
        QVERIFY(!sweep->leftOut.empty());
        QTest::mouseClick(&program.button(QStringLiteral("Copy as command line")), Qt::LeftButton);
        QCOMPARE(QApplication::clipboard()->text().toStdString(),
                 commandOf(sweep->request, sweep->backend, sweep->device));
        // Nonsense is refused where it stands.
        side.setForm({QStringLiteral("4,x"), QStringLiteral("2"), false, false});
        emit side.formChanged();
        QVERIFY(!program.button(QStringLiteral("Run the sweep")).isEnabled());
    }

    void aSweepCanBeStopped()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        program.panel().side().setForm({QStringLiteral("64:512:x2"), QStringLiteral("10000"), false, false});
        emit program.panel().side().formChanged();
        QTest::mouseClick(&program.button(QStringLiteral("Run the sweep")), Qt::LeftButton);
        QTRY_VERIFY(!program.document.jobs().empty());
        QTest::mouseClick(&program.button(QStringLiteral("Stop")), Qt::LeftButton);
        QVERIFY(program.rest());
        QVERIFY(!program.document.sweep() || !program.document.sweep()->complete);
        QVERIFY(program.button(QStringLiteral("Run the sweep")).isEnabled());
    }

    // Another window that is given the figure shows and exports the same pixels.
    void aDroppedFigureOpensItsView()
    {
        const QString first = m_folder.filePath("first.png"), second = m_folder.filePath("second.png"),
                      pdf = m_folder.filePath("first.pdf");
        DocumentState shown;
        {
            Program program(m_path, "attention");
            QVERIFY(program.rest());
            Selection selection = program.document.state().selection;
            selection.layer = {1};
            program.document.select(selection);
            program.document.pin(engine::TokenPos{3}, engine::TokenPos{1});
            ViewLayout layout = program.document.state().layout;
            layout.mapScale = "linear";
            layout.attention.mode = AttentionView::Mode::Every;
            program.document.setLayout(layout);
            QVERIFY(program.rest());
            for (const QString& path : {first, pdf}) {
                QTest::keyClick(&program.window, Qt::Key_E, Qt::ControlModifier);
                QVERIFY(program.answerDialog(path));
                QVERIFY(QFile::exists(path));
            }
            shown = program.document.state();
        }
        for (const QString& figure : {first, pdf}) {
            Program other(m_path, "timing");
            QVERIFY(other.rest());
            other.document.setPrompt("a dog");
            QVERIFY(other.rest());
            const DocumentState before = other.document.state();
            emit other.window.dropped({figure});
            QVERIFY(other.rest());
            QCOMPARE(other.document.state(), before); // until it is asked for
            QVERIFY(other.answerOffer("Open its view"));
            QCOMPARE(other.document.state().selection, shown.selection);
            QCOMPARE(other.document.state().prompt, shown.prompt);
            QCOMPARE(other.document.state().layout.tab, std::string("attention"));
            QCOMPARE(other.document.state().lanes, shown.lanes);
            QTest::keyClick(&other.window, Qt::Key_E, Qt::ControlModifier);
            QVERIFY(other.answerDialog(second));
            QCOMPARE(QImage(second), QImage(first));
            // One step to undo.
            other.document.undo();
            QCOMPARE(other.document.state().prompt, std::string("a dog"));
            QVERIFY(other.rest());
        }
    }

    // Three widths stand ready; any other one is asked for in millimetres.
    void aFigureHasTheWidthChosen()
    {
        Program program(m_path, "attention");
        QVERIFY(program.rest());
        const QString path = m_folder.filePath("wide.png");
        const auto widthOf = [&](int filter) {
            QTest::keyClick(&program.window, Qt::Key_E, Qt::ControlModifier);
            auto* dialog = program.window.findChild<QFileDialog*>();
            dialog->selectNameFilter(dialog->nameFilters().at(filter));
            if (!program.answerDialog(path))
                return 0;
            if (auto* asked = program.window.findChild<QInputDialog*>()) {
                asked->setDoubleValue(120);
                asked->accept();
            }
            return program.rest() ? QImage(path).width() : 0;
        };
        const auto pixels = [](double mm) { return int(std::lround(mm / 25.4 * widgets::figureDpi)); };
        QCOMPARE(widthOf(1), pixels(widgets::singleColumnMm));
        QCOMPARE(widthOf(3), pixels(120));
    }

    // What can be done is offered first, and what the file says of itself is shown.
    void aDroppedFigureShowsItsProvenance()
    {
        const QString path = m_folder.filePath("origin.pdf"), png = m_folder.filePath("origin.png");
        Program program(m_path, "attention");
        QVERIFY(program.rest());
        for (const QString& each : {path, png}) {
            QTest::keyClick(&program.window, Qt::Key_E, Qt::ControlModifier);
            QVERIFY(program.answerDialog(each));
        }
        program.view([](AttentionView& view) { view.heads = AttentionView::Heads::Mean; });
        QVERIFY(program.rest());
        const DocumentState before = program.document.state();
        emit program.window.dropped({path});
        QVERIFY(program.rest());
        auto* offer = program.window.findChild<FigureOffer*>();
        QVERIFY(offer != nullptr);
        const QString said = offer->findChild<widgets::Sentence*>()->text();
        QVERIFY2(said.contains("Heads ‘The chosen head’, now ‘Mean of all heads’"), qPrintable(said));
        QCOMPARE(offer->findChild<widgets::PictureView*>()->picture(), QImage(png)); // which the PDF carries
        QVERIFY(program.answerOffer("Show provenance"));
        auto* provenance = program.window.findChild<ProvenanceDialog*>();
        QVERIFY(provenance != nullptr);
        const QJsonObject json =
            QJsonDocument::fromJson(provenance->findChild<QPlainTextEdit*>()->toPlainText().toUtf8()).object();
        QCOMPARE(json["methods"].toArray().size(), 2);
        QCOMPARE(json["app"]["name"].toString(), QStringLiteral("Subquad"));
        QCOMPARE(program.document.state(), before);
        if (const QByteArray folder = qgetenv("SUBQUAD_GALLERY"); !folder.isEmpty()) {
            widgets::snapshot(*offer, offer->size()).save(QString::fromLocal8Bit(folder) + "/offer.png");
            widgets::snapshot(*provenance, provenance->size()).save(QString::fromLocal8Bit(folder) + "/provenance.png");
        }
        provenance->close();
        offer->reject();
    }

    // What differs in a sentence, the old picture and numbers beside those of now.
    void aDroppedFigureIsComparedWithNow()
    {
        const QString path = m_folder.filePath("before.png");
        Program program(m_path, "attention");
        QVERIFY(program.rest());
        QTest::keyClick(&program.window, Qt::Key_E, Qt::ControlModifier);
        QVERIFY(program.answerDialog(path));
        Selection selection = program.document.state().selection;
        selection.layer = {1};
        program.document.select(selection);
        QVERIFY(program.rest());
        emit program.window.dropped({path});
        QVERIFY(program.rest());
        QVERIFY(program.answerOffer("Open its view"));
        QCOMPARE(program.document.state().selection.layer.value, 0);
        QVERIFY(program.document.message());
        QVERIFY(program.document.message()->cure == Message::Cure::Compare);
        QVERIFY2(program.document.message()->why.contains("layer 2, now 1"),
                 qPrintable(program.document.message()->why));

        // As it was: to the pixel, and every number.
        const auto compared = [&] {
            for (auto* old : program.window.findChildren<ComparisonDialog*>())
                delete old;
            emit program.window.message().acted();
            return program.rest() && program.window.findChild<ComparisonDialog*>() != nullptr;
        };
        QVERIFY(compared());
        auto* dialog = program.window.findChild<ComparisonDialog*>();
        QVERIFY2(dialog->findChild<widgets::Sentence*>()->text().contains("the same to the pixel"),
                 qPrintable(dialog->findChild<widgets::Sentence*>()->text()));
        widgets::Facts facts = dialog->findChild<widgets::FactsView*>()->facts();
        QVERIFY(facts.rows.size() >= 3);
        for (const widgets::Facts::Row& row : facts.rows)
            QCOMPARE(row.values.at(0), row.values.at(1));

        // Another layer: the sentence, the picture and the numbers say so.
        program.document.select(selection);
        QVERIFY(program.rest());
        program.document.setMessage(Message{"again", {}, true, Message::Cure::Compare});
        QVERIFY(compared());
        dialog = program.window.findChild<ComparisonDialog*>();
        const QString text = dialog->findChild<widgets::Sentence*>()->text();
        QVERIFY2(text.contains("layer 1, now 2") && text.contains("pixels differ"), qPrintable(text));
        const auto pictures = dialog->findChildren<widgets::PictureView*>();
        QCOMPARE(pictures.size(), 2);
        QCOMPARE(pictures[0]->picture(), QImage(path));
        QVERIFY(!pictures[1]->picture().isNull() && pictures[1]->picture() != pictures[0]->picture());
        facts = dialog->findChild<widgets::FactsView*>()->facts();
        const auto& metrics = program.document.lane({1}).rows->metrics;
        QCOMPARE(facts.rows.front().label, QStringLiteral("attention moved elsewhere"));
        QCOMPARE(facts.rows.front().values.at(1), widgets::significant(engine::metricOf(metrics, "tv").value, 4));
        QVERIFY(facts.rows.front().values.at(0) != facts.rows.front().values.at(1));
        if (const QByteArray folder = qgetenv("SUBQUAD_GALLERY"); !folder.isEmpty())
            widgets::snapshot(*dialog, dialog->size()).save(QString::fromLocal8Bit(folder) + "/comparison.png");
    }

    // A window that shows nothing can still say what a figure is, and open it.
    void aFigureIsComparedWithNothing()
    {
        const QString path = m_folder.filePath("alone.png");
        {
            Program program(m_path, "attention");
            QVERIFY(program.rest());
            QTest::keyClick(&program.window, Qt::Key_E, Qt::ControlModifier);
            QVERIFY(program.answerDialog(path));
        }
        Program empty(m_path.parent_path() / "missing", "attention");
        QVERIFY(empty.rest());
        QVERIFY(!empty.document.model());
        emit empty.window.dropped({path});
        QVERIFY(empty.rest());
        QVERIFY(empty.answerOffer("Compare with now"));
        auto* dialog = empty.window.findChild<ComparisonDialog*>();
        QVERIFY(dialog != nullptr);
        const auto pictures = dialog->findChildren<widgets::PictureView*>();
        QCOMPARE(pictures[0]->picture(), QImage(path));
        QVERIFY(pictures[1]->picture().isNull());
        QVERIFY2(pictures[1]->accessibleDescription().contains("no maps"),
                 qPrintable(pictures[1]->accessibleDescription()));
        for (QPushButton* each : dialog->findChildren<QPushButton*>())
            if (each->text() == "Open its view")
                each->click();
        QVERIFY(empty.rest());
        QVERIFY(empty.document.model());
    }

    void theFigureAndItsNumbersAreCopied()
    {
        Program program(m_path, "attention");
        QVERIFY(program.rest());
        QTest::keyClick(&program.window, Qt::Key_C, Qt::ControlModifier);
        QVERIFY(program.rest());
        const QMimeData* data = QApplication::clipboard()->mimeData();
        QVERIFY(data->hasImage());
        QVERIFY(sessionIn(data->data("image/png")));
        QTest::keyClick(&program.window, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(program.rest());
        QVERIFY(QApplication::clipboard()->text().contains("query,query_token,key,key_token,softmax,taylorshift"));
    }

    void whatIsNoFigureIsRefused()
    {
        Program program(m_path);
        QVERIFY(program.rest());
        const QString path = m_folder.filePath("white.png");
        QImage(8, 8, QImage::Format_RGB32).save(path);
        emit program.window.dropped({path});
        QVERIFY(program.rest());
        QVERIFY(program.document.message());
        QVERIFY2(program.document.message()->what.contains("holds no view of Subquad"),
                 qPrintable(program.document.message()->what));
    }

private:
    QTemporaryDir m_folder;
    std::filesystem::path m_path;
};

QTEST_MAIN(TestTiming)
#include "tst_timing.moc"
