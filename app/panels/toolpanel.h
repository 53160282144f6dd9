// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QMap>

#include <vector>

class QAbstractButton;
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
    bool selected = false; // the left dock sets it, the views of two show it

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
    void
    setKeys(const QMap<QString, QString>& given); // in place of commands' own, as Memory has them: tool tips name them
    void setShape(int layers, int heads);
    void setSelected(int layer, int head);
    void setLanes(const std::vector<LaneLabel>& lanes);
    void setDevice(const QString& text, const QString& help);
    void setCompact(bool compact); // parameters leave the chips

    QPoint chipCorner(int lane) const; // below a lane's chip, where its menu opens

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void openAsked();
    void firstAsked();
    void backAsked();
    void playAsked();
    void forwardAsked();
    void lastAsked();
    void layerChosen(int layer); // from 0
    void headChosen(int head);
    void laneChosen(int lane);              // a click on a chip that is not the selected one
    void laneAsked(int lane, QPoint where); // again, or the right button: what can be done with it; on the screen
    void laneClosed(int lane);
    void laneWanted(QPoint where); // the plus
    void searchAsked();
    void deviceAsked(QPoint where);
    void themeAsked();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    // What gives way first where the width does not do.
    enum class Room
    {
        All,
        NoSearchField, // an icon in its place
        NoKnobs,       // in the chips
        MarkersOnly,   // but of the chip that is looked at
        NoWords,       // but its name nowhere: buttons and steppers too
        FewerSteps,    // first and last token have their keys
        Least,         // of the chips the two that are compared; theme and one more method stand in the menus
        Bare,          // no rules, no steps, no device: menus and keys have them
        NoPlace        // nor layer and head
    };

    void fit();
    void arrange(Room room);
    void addRule();
    void addButtons();
    bool isCompared(std::size_t place) const;
    void showLanes();
    void addChip();
    QString keysOf(const QString& own, const QString& shown = {}) const;
    void showKeys();

    QHBoxLayout* m_row;
    QHBoxLayout* m_chipRow;
    QToolButton* m_open;
    QToolButton* m_device;
    QWidget* m_compare; // the word
    QAbstractButton* m_search;
    widgets::IconButton* m_find; // in its place where there is no room
    widgets::IconButton* m_play;
    widgets::IconButton *m_first, *m_back, *m_forward, *m_last;
    std::vector<QWidget*> m_ends;  // to the first and to the last token
    std::vector<QWidget*> m_steps; // one back, one forward
    std::vector<QWidget*> m_rules; // between groups
    widgets::IconButton* m_theme;
    widgets::IconButton* m_plus;
    Counter* m_counter;
    widgets::Stepper* m_layer;
    widgets::Stepper* m_head;
    std::vector<widgets::Chip*> m_chips;
    std::vector<LaneLabel> m_lanes;
    bool m_compact = false;
    bool m_playing = false;
    QMap<QString, QString> m_given;
};

} // namespace app
