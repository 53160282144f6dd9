// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/panels/timingside.h"
#include "widgets/parted.h"
#include "widgets/plot.h"
#include "widgets/sentence.h"
#include "widgets/timelineview.h"

#include <functional>

class QHBoxLayout;
class QVBoxLayout;
class QStackedWidget;

namespace widgets {
class EmptyPanel;
class IconButton;
class MessageBar;
class PlotView;
class Segment;
} // namespace widgets

namespace app {

class Heading;

// What the Timing tab shows of a sweep.
struct SweepView
{
    QString words; // of the header
    std::vector<widgets::Run> sentence;
    QString second;
    widgets::PlotValue plot, roofline;
    QString plotWords;
    std::function<QString(double)> readout;
};

// The Timing tab: the sentence, one pass of each method taken apart, time against length, the roofline; machine,
// numbers, memory, the sweep and its command at the right, or below where that leaves too little width.
class TimingPanel : public widgets::View, public widgets::Parted
{
    Q_OBJECT

public:
    explicit TimingPanel(QWidget* parent = nullptr);

    void setSweep(const SweepView& view);
    // Nothing was swept yet: what it takes.
    void setEmpty(const QString& what, const QString& why, const QString& action);
    void setPasses(widgets::TimelineValue timeline, widgets::Facts totals, widgets::Facts stages, const QString& words,
                   const QString& note);
    void setDisturbed(bool isDisturbed);
    void setShown(int quantity, int taken); // of the segments

    TimingSide& side() { return *m_side; }

    widgets::Segment& quantity() { return *m_quantity; } // time | per token | ratio | memory

    widgets::Segment& taken() { return *m_taken; } // timeline | kernels | stages

    widgets::TimelineView& timeline() { return *m_timeline; }

    widgets::PlotView& plot() { return *m_plot; }

    widgets::PlotView& roofline() { return *m_roofline; }

    void setCompact(bool compact);

    std::vector<std::pair<QString, QString>> parts() const override; // kernels, plot, roofline
    QString partAt(const QWidget& inside) const override;
    void setOnly(const QString& part) override;

signals:
    void sweepAsked();
    void measureAsked(); // the passes again
    void exportAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makePasses(QWidget* parent);
    QWidget* makePlots(QWidget* parent);
    void placeSide(bool below);
    std::vector<std::pair<QString, QWidget*>> partWidgets() const;
    void showParts();

    Heading* m_heading;
    widgets::Segment* m_quantity;
    widgets::MessageBar* m_warning;
    widgets::Sentence* m_sentence;
    QHBoxLayout* m_inset;
    Heading* m_passHeading;
    widgets::Segment* m_taken;
    QStackedWidget* m_passes;
    widgets::TimelineView* m_timeline;
    widgets::FactsView* m_totals;
    widgets::FactsView* m_stages;
    QStackedWidget* m_sweep; // the plots, or the empty panel
    widgets::EmptyPanel* m_empty;
    Heading* m_plotHeading;
    widgets::PlotView* m_plot;
    QWidget* m_passPart;
    QWidget* m_plotColumn;
    QWidget* m_roofColumn;
    widgets::PlotView* m_roofline;
    QHBoxLayout* m_row;
    QVBoxLayout* m_centre;
    TimingSide* m_side;
    bool m_sideBelow = false;
    bool m_compact = false;
    QString m_only;
};

} // namespace app
