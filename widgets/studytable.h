// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studydrawing.h"

namespace widgets {

// Rows of a label and numbers in columns; a strong row is a result.
class StudyTable : public StudyDrawing
{
public:
    QSize leastSize() const override;
    void draw(QPainter& painter) const override;
    void drawHover(QPainter& painter, const StudyPlace& place) const override;
    QString summary() const override;
    QString placeText(const StudyPlace& place) const override;
    std::optional<StudyPlace> placeAt(QPointF point) const override;
    std::optional<StudyPlace> moved(std::optional<StudyPlace> from, int right, int down) const override;
    std::vector<StudyPick> picksOf(const StudyPlace& place) const override;

protected:
    void take(const engine::Panel& panel) override;
    void arrange() override;

private:
    QString labelOfRow(const engine::TableBody::Row& row) const;
    QRectF rowBox(int row) const;
    QFont fontOf(const engine::TableBody::Row& row) const;
    double labelRoom(const engine::TableBody::Row& row, double labels) const;
    std::vector<double> columnWidths(double gap) const; // of all, from the left

    engine::TableBody m_body;
    std::vector<double> m_columns; // widths of those that are drawn
    int m_left = 0;                // columns that are not
    double m_row = 20, m_head = 0;
};

} // namespace widgets
