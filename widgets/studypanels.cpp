// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studypanels.h"

#include <QPainter>
#include <QResizeEvent>

#include <algorithm>
#include <cmath>

namespace widgets {
namespace {

constexpr double rowRoom = 9; // below a row: 8 and the hairline

} // namespace

StudyPanels::StudyPanels(Place place, QWidget* parent)
    : View(parent)
    , m_place(place)
{
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

StudyPane* StudyPanels::reuse(const std::string& id, std::vector<StudyPane*>& old)
{
    const auto same =
        std::find_if(old.begin(), old.end(), [&](const StudyPane* pane) { return pane->panel().id == id; });
    if (same != old.end()) {
        StudyPane* pane = *same;
        old.erase(same);
        return pane;
    }
    auto* pane = new StudyPane(this);
    connect(pane, &StudyPane::picked, this, &StudyPanels::picked);
    return pane;
}

void StudyPanels::setPanels(const std::vector<engine::Panel>& panels, const StudyNames& names)
{
    std::vector<StudyPane*> old = std::move(m_panes);
    m_panes.clear();
    for (const engine::Panel& panel : panels) {
        if (panel.side != (m_place == Place::Side))
            continue;
        StudyPane* pane = reuse(panel.id, old);
        pane->setPanel(panel, names);
        m_panes.push_back(pane);
    }
    for (StudyPane* pane : old) {
        pane->hide();
        pane->deleteLater();
    }
    for (std::size_t i = 1; i < m_panes.size(); ++i)
        QWidget::setTabOrder(&m_panes[i - 1]->body(), &m_panes[i]->body());
    laidOutAnew();
}

void StudyPanels::laidOutAnew()
{
    const std::vector<StudyPane*> now = shown();
    for (StudyPane* pane : m_panes)
        pane->setVisible(std::ranges::find(now, pane) != now.end());
    arrange();
    updateGeometry();
    update();
}

std::vector<StudyPane*> StudyPanels::shown() const
{
    for (StudyPane* pane : m_panes)
        if (textOf(pane->panel().id) == m_only)
            return {pane};
    return m_panes;
}

std::vector<std::pair<QString, QString>> StudyPanels::parts() const
{
    std::vector<std::pair<QString, QString>> all;
    for (const StudyPane* pane : m_panes)
        all.emplace_back(textOf(pane->panel().id), textOf(pane->panel().title));
    return all;
}

QString StudyPanels::partAt(const QWidget& inside) const
{
    for (const StudyPane* pane : m_panes)
        if (pane == &inside || pane->isAncestorOf(&inside))
            return textOf(pane->panel().id);
    return {};
}

void StudyPanels::setOnly(const QString& part)
{
    if (part == m_only)
        return;
    m_only = part;
    laidOutAnew();
}

void StudyPanels::setCompact(bool compact)
{
    m_compact = compact;
    arrange();
    updateGeometry();
}

double StudyPanels::between() const
{
    return theme().px(m_compact ? Theme::gap5 : 40);
}

double StudyPanels::last() const
{
    return theme().px(m_compact || m_place == Place::Side ? Theme::gap4 : 40);
}

// The panels of each row of the study in as many lines as leave each panel the width it needs.
std::vector<std::vector<StudyPane*>> StudyPanels::lines(double wide) const
{
    std::vector<StudyPane*> sorted = shown();
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const StudyPane* a, const StudyPane* b) { return a->panel().row < b->panel().row; });
    const auto fit = [&](const std::vector<StudyPane*>& line) {
        double shares = 0;
        for (const StudyPane* pane : line)
            shares += pane->panel().width;
        const double room = wide - between() * double(line.size() - 1);
        return std::all_of(line.begin(), line.end(), [&](const StudyPane* pane) {
            return room * pane->panel().width / std::max(shares, 1e-9) >= pane->minimumSizeHint().width();
        });
    };
    std::vector<std::vector<StudyPane*>> all;
    for (StudyPane* pane : sorted) {
        if (all.empty() || all.back().front()->panel().row != pane->panel().row) {
            all.push_back({pane});
            continue;
        }
        all.back().push_back(pane);
        if (fit(all.back()))
            continue;
        all.back().pop_back();
        all.push_back({pane});
    }
    return all;
}

std::vector<StudyPanels::Row> StudyPanels::rows(int width) const
{
    const double wide = std::max(width, theme().px(200)) - theme().px(Theme::gap4) - last();
    std::vector<Row> rows;
    if (m_place == Place::Side) {
        for (StudyPane* pane : shown())
            rows.push_back({{pane}, pane->panel().height, pane->heightAt(int(wide))});
        return rows;
    }
    for (const std::vector<StudyPane*>& line : lines(wide)) {
        Row row{line, 0, 0};
        double shares = 0;
        for (const StudyPane* pane : line)
            shares += pane->panel().width;
        const double room = wide - between() * double(line.size() - 1);
        for (const StudyPane* pane : line) {
            const int own = int(std::round(room * pane->panel().width / std::max(shares, 1e-9)));
            row.share = std::max(row.share, pane->panel().height);
            row.least = std::max(row.least, pane->leastHeight(own)); // of a note in so many lines
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

// By their shares; what a map of whole pixels a cell has no use for goes to its neighbours.
std::vector<double> StudyPanels::widthsOf(const Row& row, int height) const
{
    double shares = 0;
    for (const StudyPane* pane : row.panes)
        shares += pane->panel().width;
    const double wide = width() - theme().px(Theme::gap4) - last() - between() * double(row.panes.size() - 1);
    std::vector<double> widths;
    std::vector<bool> done;
    double left = 0, taking = 0;
    for (const StudyPane* pane : row.panes) {
        const double own = wide * pane->panel().width / std::max(shares, 1e-9);
        const double used = pane->usedWidth({int(own), height});
        done.push_back(own - used > theme().px(Theme::gap5));
        widths.push_back(done.back() ? used : own);
        left += own - widths.back();
        taking += done.back() ? 0 : pane->panel().width;
    }
    // Others take what is left, but none becomes half as wide again: bars of a few numbers must not outgrow the map
    // that they stand beside.
    double spare = left;
    for (std::size_t place = 0; place < widths.size(); ++place)
        if (!done[place]) {
            const double more = std::min(left * row.panes[place]->panel().width / taking, widths[place] / 2);
            widths[place] += more;
            spare -= more;
        }
    for (std::size_t place = 0; place < widths.size(); ++place)
        if (done[place]) // nobody has use for it
            widths[place] += spare * row.panes[place]->panel().width / (shares - taking);
    return widths;
}

// Heights by their shares, but no row less than it needs.
void StudyPanels::arrange()
{
    const Theme& look = theme();
    m_lines.clear();
    const std::vector<Row> all = rows(width());
    const int room = look.px(rowRoom);
    double left = height() - double(room) * double(all.size()), shares = 0;
    for (const Row& row : all)
        shares += row.share;
    std::vector<int> heights(all.size(), -1);
    for (bool again = true; again;) {
        again = false;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (heights[i] < 0 && (shares <= 0 || left * all[i].share / shares < all[i].least)) {
                heights[i] = all[i].least;
                left -= all[i].least;
                shares -= all[i].share;
                again = true;
            }
    }
    const bool side = m_place == Place::Side;
    const double first = look.px(Theme::gap4);
    double y = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        // In a dock what is left stays free.
        const double share = side ? 0 : std::floor(left * all[i].share / std::max(shares, 1e-9));
        const double high = heights[i] >= 0 ? heights[i] : std::max(double(all[i].least), share);
        double x = first;
        const std::vector<double> widths = widthsOf(all[i], int(high));
        for (std::size_t place = 0; place < widths.size(); ++place) {
            all[i].panes[place]->setGeometry(int(std::round(x)), int(y), int(std::round(widths[place])), int(high));
            x += widths[place] + between();
        }
        y += high + room;
        if (i + 1 < all.size())
            m_lines.push_back(int(y) - 1);
    }
}

QSize StudyPanels::sizeHint() const
{
    return minimumSizeHint().expandedTo({theme().px(m_place == Place::Side ? 240 : 640), 0});
}

int StudyPanels::leastHeight(int width) const
{
    int high = 0;
    for (const Row& row : rows(width))
        high += row.least + theme().px(rowRoom);
    return high;
}

int StudyPanels::heightForWidth(int width) const
{
    return leastHeight(width);
}

QSize StudyPanels::minimumSizeHint() const
{
    const int wide = theme().px(m_place == Place::Side ? 200 : 480);
    return {wide, leastHeight(wide)};
}

void StudyPanels::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    for (const int y : m_lines)
        painter.fillRect(QRect(0, y, width(), 1), theme().hairline);
}

void StudyPanels::resizeEvent(QResizeEvent* event)
{
    arrange();
    if (event->oldSize().width() != event->size().width())
        updateGeometry(); // heights follow the width
}

void StudyPanels::themeChanged()
{
    arrange();
}

} // namespace widgets
