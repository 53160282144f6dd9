// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"
#include "app/history.h"
#include "app/samplepath.h"
#include "engine/values/deviceinfo.h"
#include "engine/values/error.h"
#include "engine/values/ownthread.h"

#include <QObject>
#include <QString>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine {
class Model;
} // namespace engine

namespace app {

// app/results.h
struct Sequence;
struct HeadFile; // app/longmaps/headfile.h
struct LaneRun;
struct LayerAttention;
struct HeadLook;
struct RowsMetrics;
struct RowWeights;
struct LayerTiming;
// app/studywork.h
struct StudyResult;
struct ExplainResult;

// app/timing.h
struct SweepResult;
struct PassSet;

// What runs now, for the job bar.
struct JobStatus
{
    int id = 0;
    QString title;
    QString what;
    double fraction = 0;
    qint64 beganMs = 0; // since the epoch

    bool operator==(const JobStatus&) const = default;
};

// One sentence for the message bar. A warning is a banner about how things are, the rest is what went wrong.
struct Message
{
    enum class Cure
    {
        None,
        UseReference,
        OpenOther,
        ChooseTokenizer, // for the open model
        Restore,         // what a killed program left
        Compare          // the figure whose view was opened again, with what the window shows
    };

    QString what;
    QString why;
    bool warning = false;
    Cure cure = Cure::None;

    bool operator==(const Message&) const = default;
};

// What the engine found of one lane. All are shared and immutable; null until there is one.
struct LaneResults
{
    std::shared_ptr<const LaneRun> run;
    std::shared_ptr<const HeadLook> look;
    std::shared_ptr<const RowsMetrics> rows;
    std::shared_ptr<const RowWeights> row;
    std::shared_ptr<const LayerTiming> timing;
    std::shared_ptr<const LayerAttention> probes; // with every probe recorded

    bool operator==(const LaneResults&) const = default;
};

// What is open and what is known of it: the state that is saved, and the results. Lives on the GUI thread and does no
// work: every setter compares, assigns and emits once. Every change of the state goes through become() and can be
// undone; what results do to it (a first prompt, a pin beyond the last token) belongs to the change that asked for
// them.
class Document : public QObject
{
    Q_OBJECT

public:
    explicit Document(DocumentState state, QObject* parent = nullptr);

    const DocumentState& state() const { return m_state; }

    int laneCount() const { return int(m_state.lanes.size()); }

    const std::shared_ptr<const engine::Model>& model() const { return m_model; }

    // Those that came with the checkpoint.
    const std::vector<Prompt>& prompts() const { return m_prompts; }

    // Queries, keys and values from a file, where one is open in place of a model.
    const std::shared_ptr<const HeadFile>& heads() const { return m_heads; }

    const std::shared_ptr<const Sequence>& sequence() const { return m_sequence; }

    const LaneResults& lane(engine::LaneIndex lane) const;

    // The last sweep over lengths as far as it has come, and the last passes taken apart; null until there is one.
    const std::shared_ptr<const SweepResult>& sweep() const { return m_sweep; }

    const std::shared_ptr<const PassSet>& passes() const { return m_passes; }

    // The last study of a method's tab, and the last account of a cell; null until there is one. They stay until the
    // next is there.
    std::shared_ptr<const StudyResult> study(std::string_view tab) const;

    const std::shared_ptr<const ExplainResult>& explained() const { return m_explained; }

    const std::vector<engine::DeviceInfo>& devices() const { return m_devices; }

    // The device in use; none: the reference runs, because there is no other or it is not ready yet.
    const std::optional<engine::DeviceInfo>& device() const { return m_device; }

    const std::vector<JobStatus>& jobs() const { return m_jobs; }

    const std::optional<Message>& message() const { return m_message; }

    bool playing() const { return m_playing; }

    // What the pointer is over, in tokens; peeking only.
    std::optional<engine::TokenPos> hoveredQuery() const { return m_hoveredQuery; }

    std::optional<engine::TokenPos> hoveredKey() const { return m_hoveredKey; }

    // The lane that is shown beside lane 0 and that the left dock sets: the selected one; lane 0 where it is alone.
    engine::LaneIndex comparedLane() const;

    const engine::SessionPlan& comparedPlan() const { return m_state.lanes[std::size_t(comparedLane().value)]; }

    bool canUndo() const { return m_history.canUndo(); }

    bool canRedo() const { return m_history.canRedo(); }

    Topics undoTopics() const { return m_history.undoTopics(); }

    Topics redoTopics() const { return m_history.redoTopics(); }

    bool canGoBack() const { return m_trail.canGoBack(); }

    bool canGoForward() const { return m_trail.canGoForward(); }

    // Whether the lanes take the methods that a checkpoint was made with: not where a session or undo named them.
    bool takesNative() const { return m_takesNative; }

    int tokenCount() const;

    // The last row in view: the selected step within the sequence.
    int lastRow() const;

public slots:
    // State: what the user may change.
    void become(const app::DocumentState& state); // a session, an undone state: all at once, one step to undo
    void undo();
    void redo();
    void sealStep(); // what comes is undone apart from what was
    void goBack();   // to where one looked before
    void goForward();
    void open(const std::filesystem::path& checkpoint, const std::filesystem::path& tokenizer = {});
    void keepOpened(); // the checkpoint could not be opened: the one before stays
    void setPrompt(const std::string& prompt);
    void setGenerated(int count);
    void setPlan(engine::LaneIndex lane, const engine::SessionPlan& plan);
    void adopt(engine::LaneIndex lane, const engine::SessionPlan& plan); // the checkpoint's own: nothing to undo
    void setLanes(std::vector<engine::SessionPlan> lanes);               // 1 to mostLanes; the rest is dropped
    void addLane(const engine::SessionPlan& plan);                       // at the end, and selects it
    void removeLane(engine::LaneIndex lane);                             // never lane 0
    void makeReference(engine::LaneIndex lane);                          // changes places with lane 0
    void setDeviceName(const std::string& name);
    void useReference(bool reference); // all lanes at once
    void select(const app::Selection& selection);
    void setLayout(const app::ViewLayout& layout);
    void choose(const app::Selection& selection, const app::ViewLayout& layout); // one click that does both
    void prefer(const app::ViewLayout& layout); // as it was at the last start: nothing to undo
    void toggleBreakpoint(int token);
    void addBookmark(const std::string& name);
    void goTo(const app::Bookmark& bookmark);
    void setPlaying(bool playing);
    void hover(std::optional<engine::TokenPos> query, std::optional<engine::TokenPos> key);
    void pin(std::optional<engine::TokenPos> query, std::optional<engine::TokenPos> key);

    // Steps through what is there; forward beyond the newest token generates one more.
    void stepTo(int row);
    void stepForward();
    void stepBack();
    void stepFirst();
    void stepLast();

    // Results: what Lanes found.
    void setModel(std::shared_ptr<const engine::Model> model, std::vector<app::Prompt> prompts = {});
    void setHeads(std::shared_ptr<const app::HeadFile> heads);
    void setSequence(std::shared_ptr<const app::Sequence> sequence);
    void setRun(engine::LaneIndex lane, std::shared_ptr<const app::LaneRun> run);
    void setLook(engine::LaneIndex lane, std::shared_ptr<const app::HeadLook> look);
    void setRows(engine::LaneIndex lane, std::shared_ptr<const app::RowsMetrics> rows);
    void setRow(engine::LaneIndex lane, std::shared_ptr<const app::RowWeights> row);
    void setTiming(engine::LaneIndex lane, std::shared_ptr<const app::LayerTiming> timing);
    void setProbes(engine::LaneIndex lane, std::shared_ptr<const app::LayerAttention> probes);
    void setSweep(std::shared_ptr<const app::SweepResult> sweep);
    void setPasses(std::shared_ptr<const app::PassSet> passes);
    void setStudy(const std::string& tab, std::shared_ptr<const app::StudyResult> study);
    void setExplained(std::shared_ptr<const app::ExplainResult> explained);
    void setDevices(std::vector<engine::DeviceInfo> devices);
    void setDevice(std::optional<engine::DeviceInfo> device);
    void setJob(const app::JobStatus& job); // new or further
    void endJob(int id);
    void report(const engine::Error& error);
    void setMessage(std::optional<app::Message> message);

signals:
    void checkpointChanged();
    void promptChanged();
    void generatedChanged();
    void planChanged(engine::LaneIndex lane);
    // Which lane of before each one now is; -1: a new one. The results have moved along.
    void lanesChanged(const std::vector<int>& cameFrom);
    void historyChanged(); // what can be undone, and where one can go back to
    void marksChanged();   // bookmarks, breakpoints
    void deviceNameChanged();
    void selectionChanged();
    void layoutChanged();
    void playingChanged();
    void hoverChanged();

    void modelChanged();
    void headsChanged();
    void sequenceChanged();
    void runChanged(engine::LaneIndex lane);
    void lookChanged(engine::LaneIndex lane);
    void rowsChanged(engine::LaneIndex lane);
    void rowChanged(engine::LaneIndex lane);
    void timingChanged(engine::LaneIndex lane);
    void probesChanged(engine::LaneIndex lane);
    void sweepChanged();
    void passesChanged();
    void studyChanged(const std::string& tab);
    void explainedChanged();
    void devicesChanged();
    void deviceChanged();
    void jobsChanged();
    void messageChanged();

private:
    template <typename T>
    bool assign(T& place, T value)
    {
        m_thread.check();
        if (place == value)
            return false;
        place = std::move(value);
        return true;
    }

    void change(DocumentState next);                // and remember the one before
    void assume(DocumentState next);                // assigns and emits what differs
    void moveResults(const std::vector<int>& from); // to where their lanes are now
    void keepInside();                              // the selection, in the model and the sequence
    void note();                                    // where one looks, and what can be undone

    engine::OwnThread m_thread; // every change goes through change(), assume() or assign(), which assert it
    DocumentState m_state;
    History m_history;
    Trail m_trail;
    std::pair<std::filesystem::path, std::filesystem::path> m_opened; // checkpoint and tokenizer of m_model
    std::shared_ptr<const engine::Model> m_model;
    std::shared_ptr<const HeadFile> m_heads;
    std::vector<Prompt> m_prompts;
    std::shared_ptr<const Sequence> m_sequence;
    std::map<engine::LaneIndex, LaneResults> m_lanes;
    std::shared_ptr<const SweepResult> m_sweep;
    std::shared_ptr<const PassSet> m_passes;
    std::map<std::string, std::shared_ptr<const StudyResult>, std::less<>> m_studies;
    std::shared_ptr<const ExplainResult> m_explained;
    std::vector<engine::DeviceInfo> m_devices;
    std::optional<engine::DeviceInfo> m_device;
    std::vector<JobStatus> m_jobs;
    std::optional<Message> m_message;
    bool m_playing = false;
    bool m_takesNative = true;
    std::optional<engine::TokenPos> m_hoveredQuery, m_hoveredKey;
};

} // namespace app
