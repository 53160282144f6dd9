// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/studydrawing.h"

namespace widgets {

// Groups of tokens or words as chips with counts, in lines; what has no room is counted at the end.
class StudyChips : public StudyDrawing
{
public:
    QSize leastSize() const override;
    int heightAt(int width) const override;
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
    // A chip or a group's title where it stands; `col` is the chip's place in its group, −1 the title.
    struct Box
    {
        QRectF box;
        int group = 0, col = 0;
    };

    std::vector<Box> boxesIn(double width, double height, int& hidden) const;
    QString chipText(const engine::ChipsBody::Chip& chip) const;
    QString countText(const engine::ChipsBody::Chip& chip) const;

    engine::ChipsBody m_body;
    std::vector<Box> m_boxes;
    int m_hidden = 0;
};

} // namespace widgets
