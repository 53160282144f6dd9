// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studydrawing.h"

#include "widgets/studybars.h"
#include "widgets/studychips.h"
#include "widgets/studycurves.h"
#include "widgets/studyheat.h"
#include "widgets/studytable.h"

namespace widgets {

std::unique_ptr<StudyDrawing> StudyDrawing::make(const engine::Panel& panel)
{
    using Made = std::unique_ptr<StudyDrawing>;

    struct Maker
    {
        Made operator()(const engine::HeatBody&) const { return std::make_unique<StudyHeat>(); }

        Made operator()(const engine::BarsBody&) const { return std::make_unique<StudyBars>(); }

        Made operator()(const engine::CurvesBody&) const { return std::make_unique<StudyCurves>(); }

        Made operator()(const engine::TableBody&) const { return std::make_unique<StudyTable>(); }

        Made operator()(const engine::ChipsBody&) const { return std::make_unique<StudyChips>(); }
    };

    return std::visit(Maker{}, panel.body);
}

void StudyDrawing::setPanel(const engine::Panel& panel, const StudyNames& names)
{
    m_names = names;
    take(panel);
}

void StudyDrawing::setRoom(QSizeF room, double ratio)
{
    m_room = room;
    m_ratio = ratio;
    arrange();
}

} // namespace widgets
