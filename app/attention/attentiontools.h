// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/attention/attentionview.h"
#include "widgets/theme.h"

namespace widgets {
class IconButton;
class Segment;
} // namespace widgets

namespace app {

// The controls of the Attention tab: in the view's header, or without picture and mode in the row of tabs.
class AttentionTools : public widgets::View
{
    Q_OBJECT

public:
    explicit AttentionTools(bool compact, QWidget* parent = nullptr);

    void setNarrow(bool narrow); // the scale too stands in the menu alone
    void setState(const AttentionView& view, int scale, bool locked);

    widgets::Segment& scale() { return *m_scale; } // √ | log | linear

    widgets::Segment& mode() { return *m_mode; }

    widgets::Segment& picture() { return *m_picture; }

    widgets::IconButton& lock() { return *m_lock; }

signals:
    void pictureChosen(int picture);
    void modeChosen(int mode);
    void scaleChosen(int scale);
    void lockAsked();
    void optionsAsked(QPoint where); // global
    void exportAsked();              // of a figure

protected:
    void themeChanged() override;

private:
    widgets::Segment* m_picture;
    widgets::Segment* m_mode;
    widgets::Segment* m_scale;
    widgets::IconButton* m_lock;
    widgets::IconButton* m_export;
    widgets::IconButton* m_options;
};

} // namespace app
