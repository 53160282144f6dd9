// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/timingpanel.h"

#include "app/panels/heading.h"
#include "widgets/columnscroll.h"
#include "widgets/emptypanel.h"
#include "widgets/factsview.h"
#include "widgets/iconbutton.h"
#include "widgets/messagebar.h"
#include "widgets/numbers.h"
#include "widgets/plotview.h"
#include "widgets/segment.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QScrollArea>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

constexpr double sideBelow = 620, roofFrom = 620;

constexpr QLatin1String passesId("passes"), plotId("plot"), roofId("roofline");

// What scrolls, with hairlines above some of its widgets and left of one.
class Centre : public widgets::View
{
public:
    void setLines(std::vector<const QWidget*> below, const QWidget* right)
    {
        m_below = std::move(below);
        m_right = right;
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().panel);
        const auto corner = [this](const QWidget& widget) { return widget.mapTo(this, QPoint(0, 0)); };
        for (const QWidget* widget : m_below)
            if (widget->isVisible())
                painter.fillRect(QRect(0, corner(*widget).y() - 1, width(), 1), theme().hairline);
        if (m_right->isVisible())
            painter.fillRect(QRect(corner(*m_right) - QPoint(1, 0), QSize(1, m_right->height())), theme().hairline);
    }

private:
    std::vector<const QWidget*> m_below;
    const QWidget* m_right = nullptr;
};

QVBoxLayout* columnOf(QWidget* widget)
{
    auto* column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    return column;
}

// Scrolls where there are more kernels than room.
QScrollArea* scrolled(QWidget* inside, QWidget* parent)
{
    auto* area = new QScrollArea(parent);
    area->setFrameShape(QFrame::NoFrame);
    area->setWidgetResizable(true);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    area->viewport()->setBackgroundRole(QPalette::Button); // the panel's colour
    area->setWidget(inside);
    return area;
}

} // namespace

TimingPanel::TimingPanel(QWidget* parent)
    : View(parent)
    , m_side(new TimingSide(this))
{
    auto* centre = new Centre;
    m_heading = new Heading(tr("Timing"), 40, centre);
    m_quantity = new widgets::Segment(centre);
    m_warning = new widgets::MessageBar(centre);
    m_sentence = new widgets::Sentence(centre);
    m_quantity->setOptions({tr("time"), tr("per token"), tr("ratio"), tr("memory")});
    m_quantity->setToolTip(tr("What is plotted against length"));
    auto* save = new widgets::IconButton(widgets::Symbol::Export, tr("Export a figure or the report"), m_heading);
    connect(save, &widgets::IconButton::clicked, this, &TimingPanel::exportAsked);
    m_heading->addTool(save);
    m_warning->hide();

    m_centre = columnOf(centre);
    m_centre->addWidget(m_heading);
    m_centre->addWidget(m_warning);
    m_inset = new QHBoxLayout;
    m_inset->addWidget(m_sentence);
    m_centre->addLayout(m_inset);
    m_centre->addWidget(makePasses(centre));
    m_centre->addWidget(makePlots(centre), 1);
    centre->setLines({m_passHeading, m_sweep}, m_roofColumn);

    auto* scroll = new widgets::ColumnScroll(this);
    scroll->setColumn(centre);
    m_row = new QHBoxLayout(this);
    m_row->setContentsMargins(0, 0, 0, 0);
    m_row->setSpacing(0);
    m_row->addWidget(scroll, 1);
    m_row->addWidget(m_side);
    connect(m_warning, &widgets::MessageBar::acted, this, &TimingPanel::sweepAsked);
    connect(m_warning, &widgets::MessageBar::closed, m_warning, &QWidget::hide);
    TimingPanel::themeChanged();
}

QWidget* TimingPanel::makePasses(QWidget* parent)
{
    m_passPart = new QWidget(parent);
    QWidget* part = m_passPart;
    auto* column = columnOf(part);
    m_passHeading = new Heading(tr("Kernels"), 36, part);
    m_taken = new widgets::Segment(m_passHeading);
    m_taken->setOptions({tr("timeline"), tr("by kernel"), tr("stages")});
    m_taken->setAccessibleName(tr("Account of the passes"));
    m_taken->setToolTip(tr("What ran when, totals by kernel, or what is paid around the method"));
    m_passHeading->addTool(m_taken);
    auto* again = new widgets::IconButton(widgets::Symbol::Play, tr("Measure the passes again"), m_passHeading);
    connect(again, &widgets::IconButton::clicked, this, &TimingPanel::measureAsked);
    m_passHeading->addTool(again);
    m_passes = new QStackedWidget(part);
    m_timeline = new widgets::TimelineView(m_passes);
    m_totals = new widgets::FactsView(m_passes);
    m_stages = new widgets::FactsView(m_passes);
    m_passes->addWidget(m_timeline);
    m_passes->addWidget(scrolled(m_totals, m_passes));
    m_passes->addWidget(scrolled(m_stages, m_passes));
    column->addWidget(m_passHeading);
    column->addWidget(m_passes);
    return part;
}

QWidget* TimingPanel::makePlots(QWidget* parent)
{
    m_sweep = new QStackedWidget(parent);
    m_empty = new widgets::EmptyPanel(m_sweep);
    connect(m_empty, &widgets::EmptyPanel::acted, this, &TimingPanel::sweepAsked);
    auto* plots = new QWidget(m_sweep);
    auto* row = new QHBoxLayout(plots);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(1); // a hairline shows
    m_plotColumn = new QWidget(plots);
    QWidget* left = m_plotColumn;
    auto* leftColumn = columnOf(left);
    m_plotHeading = new Heading(tr("Against length"), 36, left);
    m_plotHeading->addTool(m_quantity);
    m_plot = new widgets::PlotView(left);
    m_plot->setAccessibleName(tr("Time against length"));
    leftColumn->addWidget(m_plotHeading);
    leftColumn->addWidget(m_plot, 1);
    m_roofColumn = new QWidget(plots);
    auto* rightColumn = columnOf(m_roofColumn);
    auto* roofHeading = new Heading(tr("Roofline"), 36, m_roofColumn);
    roofHeading->setWords(tr("GFLOP/s against flop per byte"));
    m_roofline = new widgets::PlotView(m_roofColumn);
    m_roofline->setAccessibleName(tr("Roofline"));
    rightColumn->addWidget(roofHeading);
    rightColumn->addWidget(m_roofline, 1);
    row->addWidget(left, 3);
    row->addWidget(m_roofColumn, 2);
    m_sweep->addWidget(m_empty);
    m_sweep->addWidget(plots);
    return m_sweep;
}

void TimingPanel::setSweep(const SweepView& view)
{
    m_heading->setWords(view.words);
    m_sentence->setRuns(view.sentence);
    m_sentence->setSecond(view.second);
    m_plotHeading->setWords(view.plotWords);
    m_plot->setPlot(view.plot);
    m_plot->setReadout(view.readout, tr("tokens"));
    m_roofline->setPlot(view.roofline);
    m_roofline->setReadout([](double rate) { return widgets::compact(rate) + QStringLiteral(" GFLOP/s"); },
                           tr("flop per byte"));
    m_sweep->setCurrentIndex(1);
}

void TimingPanel::setEmpty(const QString& what, const QString& why, const QString& action)
{
    m_empty->setWords(what, why, action);
    m_sentence->setRuns({{what}});
    m_sentence->setSecond(why);
    m_sweep->setCurrentIndex(0);
}

void TimingPanel::setPasses(widgets::TimelineValue timeline, widgets::Facts totals, widgets::Facts stages,
                            const QString& words, const QString& note)
{
    m_timeline->setTimeline(std::move(timeline));
    m_totals->setFacts(std::move(totals));
    m_stages->setFacts(std::move(stages));
    m_passHeading->setWords(words);
    m_passHeading->setNote(note);
    themeChanged(); // the timeline has as many rows as it needs
}

void TimingPanel::setDisturbed(bool isDisturbed)
{
    if (isDisturbed)
        m_warning->show({widgets::Message::Kind::Warning, tr("These times are disturbed."),
                         tr("Other programs, or other work of this window, used the processors meanwhile. Marks of "
                            "such lengths are open."),
                         tr("Run again")});
    m_warning->setVisible(isDisturbed);
}

void TimingPanel::setShown(int quantity, int taken)
{
    m_quantity->setCurrent(quantity);
    m_taken->setCurrent(taken);
    m_passes->setCurrentIndex(taken);
}

void TimingPanel::setCompact(bool compact)
{
    m_compact = compact;
    m_heading->setVisible(!compact);
    m_sentence->setSmall(compact);
    m_side->setCompact(compact);
    themeChanged();
}

void TimingPanel::themeChanged()
{
    const int left = theme().px(Theme::gap4);
    m_inset->setContentsMargins(left, 0, theme().px(m_compact ? 16 : 40), 0);
    const int least = std::max(m_timeline->sizeHint().height() + theme().px(4), theme().px(120));
    m_passes->setMinimumHeight(least);
    m_passes->setMaximumHeight(m_only == passesId ? QWIDGETSIZE_MAX : least);
}

std::vector<std::pair<QString, QWidget*>> TimingPanel::partWidgets() const
{
    return {{passesId, m_passPart}, {plotId, m_plotColumn}, {roofId, m_roofColumn}};
}

std::vector<std::pair<QString, QString>> TimingPanel::parts() const
{
    std::vector<std::pair<QString, QString>> all{{passesId, tr("kernels")}};
    if (m_sweep->currentIndex() == 1) {
        all.emplace_back(plotId, tr("against length"));
        all.emplace_back(roofId, tr("roofline"));
    }
    return all;
}

QString TimingPanel::partAt(const QWidget& inside) const
{
    for (const auto& [id, widget] : partWidgets())
        if (widget == &inside || widget->isAncestorOf(&inside))
            return id;
    return {};
}

void TimingPanel::setOnly(const QString& part)
{
    if (part == m_only)
        return;
    m_only = part;
    showParts();
}

void TimingPanel::showParts()
{
    const bool plots = m_only == plotId || m_only == roofId;
    const bool room = width() - (m_sideBelow ? 0 : m_side->width()) > theme().px(roofFrom);
    m_passPart->setVisible(!plots);
    m_sweep->setVisible(m_only != passesId);
    m_plotColumn->setVisible(m_only != roofId);
    m_roofColumn->setVisible(m_only == roofId || (m_only != plotId && room));
    m_side->setVisible(!plots && m_only != passesId);
    themeChanged();
}

// Beside the centre, or under it in the same column.
void TimingPanel::placeSide(bool below)
{
    if (below == m_sideBelow)
        return;
    m_sideBelow = below;
    if (below) {
        m_row->removeWidget(m_side);
        m_centre->addWidget(m_side);
    } else {
        m_centre->removeWidget(m_side);
        m_row->addWidget(m_side);
    }
    m_side->setStacked(below);
}

void TimingPanel::resizeEvent(QResizeEvent* /*event*/)
{
    placeSide(width() < theme().px(sideBelow));
    showParts();
}

void TimingPanel::paintEvent(QPaintEvent* /*event*/)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
