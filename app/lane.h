// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lanes.h"

#include <list>
#include <utility>

namespace app {

// The inside of Lanes, for its own files: lanes.cpp, which keeps them, and lanework.cpp, which says what each finds.

// One lane's worker and the layers it has been through, newest first.
struct Lanes::Lane
{
    explicit Lane(int number, engine::Deliver deliver)
        : worker("lane " + std::to_string(number), std::move(deliver))
    {
    }

    engine::Worker worker;
    std::list<std::shared_ptr<const LayerAttention>> layers;
};

template <typename Work, typename Done>
void Lanes::submit(engine::Worker& worker, std::string tag, const QString& title, Work work, Done done,
                   std::function<void()> failed)
{
    m_tasks.submit(worker, std::move(tag), title, std::move(work), std::move(done), std::move(failed));
}

} // namespace app
