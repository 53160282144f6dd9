// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/heatmapview.h"
#include "widgets/theme.h"

namespace widgets {
class ColorBar;
}

namespace app {

// Exact, method and difference side by side: equal cells, one colour bar under the two that share a range and one
// under the difference, each as wide as its maps.
class MapsRow : public widgets::View
{
    Q_OBJECT

public:
    explicit MapsRow(QWidget* parent = nullptr);

    widgets::HeatmapView& map(int place) { return *m_maps[place]; }

    widgets::ColorBar& sharedBar() { return *m_shared; }

    widgets::ColorBar& differenceBar() { return *m_difference; }

    void setCompact(bool compact); // narrower gaps
    void setAlone(bool alone);     // the reference only: there is nothing to compare it with
    void arrange();                // after a map's grid or axes changed

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    widgets::HeatmapView* m_maps[3];
    widgets::ColorBar* m_shared;
    widgets::ColorBar* m_difference;
    bool m_compact = false;
    bool m_alone = false;
};

} // namespace app
