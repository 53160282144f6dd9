// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/heatmapview.h"
#include "widgets/theme.h"

#include <vector>

namespace widgets {
class ColorBar;
}

namespace app {

// Maps side by side with equal cells, in more lines where that makes them larger or the width asks for it: first those
// of weights with one colour bar, then the signed ones with another, each bar as wide as its maps. Its height follows
// its width: maps as large as the width allows, up to what can be read well.
class MapsRow : public widgets::View
{
    Q_OBJECT

public:
    explicit MapsRow(QWidget* parent = nullptr);

    // How many of each stand side by side; the first maps are of weights.
    void setCounts(int weights, int differences);

    int count() const { return m_weights + m_differences; }

    static constexpr int most = 6;

    widgets::HeatmapView& map(int place) { return *m_maps[std::size_t(place)]; } // below `most`

    widgets::ColorBar& sharedBar() { return *m_shared; }

    widgets::ColorBar& differenceBar() { return *m_difference; }

    void setCompact(bool compact); // narrower gaps
    void arrange();                // after a map's grid or axes changed

    // Where the cells of the last map end, so that what stands below ends there too; the width, where maps are few or
    // in several lines.
    int right() const { return m_right; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    bool hasHeightForWidth() const override { return true; }

    int heightForWidth(int width) const override;

signals:
    void arranged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    int across(int lines) const; // maps in one line
    int wideSide(int lines, int width) const;
    int sideFor(int lines) const;
    int leastLines(int width) const;
    int linesNow() const;
    int below() const;  // the colour bars
    int rest() const;   // of a map's height: title and labels
    int labels() const; // of the first map's width
    void putBar(widgets::ColorBar& bar, int first, int last);

    std::vector<widgets::HeatmapView*> m_maps;
    int m_weights = 2, m_differences = 1;
    widgets::ColorBar* m_shared;
    widgets::ColorBar* m_difference;
    bool m_compact = false;
    int m_right = 0;
};

} // namespace app
