// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <vector>

class QHBoxLayout;
class QToolButton;

namespace widgets {
class Chip;
class IconButton;
class Stepper;
} // namespace widgets

namespace app {

// A lane as its chip shows it.
struct LaneLabel
{
    widgets::Identity identity;
    QString knobs;
    QString help;
    bool reference = false;

    bool operator==(const LaneLabel&) const = default;
};

// "64 / 64" with figures that stand still.
class Counter : public widgets::View
{
    Q_OBJECT

public:
    using View::View;

    void set(int now, int all);

    QSize sizeHint() const override;

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int m_now = 0, m_all = 0;
};

// The tool bar: open, stepping, layer and head, the lanes, the device, the theme. It shows and it asks, nothing else.
class ToolPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit ToolPanel(QWidget* parent = nullptr);

    void setPosition(int now, int all);
    void setPlaying(bool playing);
    void setShape(int layers, int heads);
    void setSelected(int layer, int head);
    void setLanes(const std::vector<LaneLabel>& lanes);
    void setDevice(const QString& text, const QString& help);
    void setCompact(bool compact); // parameters leave the chips

    QSize sizeHint() const override;

signals:
    void openAsked();
    void firstAsked();
    void backAsked();
    void playAsked();
    void forwardAsked();
    void lastAsked();
    void layerChosen(int layer); // from 0
    void headChosen(int head);
    void laneAsked(int lane, QPoint where); // on the screen
    void deviceAsked(QPoint where);
    void themeAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    void addRule();
    void addButtons();
    void showLanes();

    QHBoxLayout* m_row;
    QHBoxLayout* m_chipRow;
    QToolButton* m_open;
    QToolButton* m_device;
    widgets::IconButton* m_play;
    widgets::IconButton* m_theme;
    Counter* m_counter;
    widgets::Stepper* m_layer;
    widgets::Stepper* m_head;
    std::vector<widgets::Chip*> m_chips;
    std::vector<LaneLabel> m_lanes;
    bool m_compact = false;
};

} // namespace app
