// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QHBoxLayout;

namespace widgets {
class RowPlot;
class Segment;
class Sentence;
} // namespace widgets

namespace app {

class Heading;
class MapsRow;

// The Attention tab: the sentence, three maps and the picked query's row.
class AttentionPanel : public widgets::View
{
    Q_OBJECT

public:
    explicit AttentionPanel(QWidget* parent = nullptr);

    Heading& heading() { return *m_heading; }

    widgets::Sentence& sentence() { return *m_sentence; }

    MapsRow& maps() { return *m_maps; }

    widgets::RowPlot& row() { return *m_row; }

    widgets::Segment& scale() { return *m_scale; } // √ | log | linear

    void setCompact(bool compact); // below 1500 px: no header of its own, smaller type

protected:
    void paintEvent(QPaintEvent* event) override;
    void themeChanged() override;

private:
    Heading* m_heading;
    widgets::Segment* m_scale;
    widgets::Sentence* m_sentence;
    MapsRow* m_maps;
    widgets::RowPlot* m_row;
    QHBoxLayout* m_inset = nullptr;
    QHBoxLayout* m_rowInset = nullptr;
    bool m_compact = false;
};

} // namespace app
