// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QHBoxLayout;
class QStackedWidget;

namespace widgets {
class ArcsView;
class RowPlot;
class Sentence;
} // namespace widgets

namespace app {

class AttentionTools;
class Heading;
class MapsRow;

// The Attention tab: the sentence, maps or arcs, and the picked query's row.
class AttentionPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit AttentionPanel(QWidget* parent = nullptr);

    Heading& heading() { return *m_heading; }

    widgets::Sentence& sentence() { return *m_sentence; }

    MapsRow& maps() { return *m_maps; }

    widgets::RowPlot& row() { return *m_row; }

    widgets::ArcsView& arcs() { return *m_arcs; }

    AttentionTools& tools() { return *m_tools; }

    void setPicture(bool arcs); // else maps

    void setCompact(bool compact); // below 1500 px: no header of its own, smaller type

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    int rightMargin() const;
    void alignRow();

    Heading* m_heading;
    AttentionTools* m_tools;
    widgets::Sentence* m_sentence;
    QStackedWidget* m_pictures;
    MapsRow* m_maps;
    widgets::ArcsView* m_arcs;
    widgets::RowPlot* m_row;
    QHBoxLayout* m_inset = nullptr;
    QHBoxLayout* m_rowInset = nullptr;
    bool m_compact = false;
};

} // namespace app
