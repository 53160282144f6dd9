// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cassert>
#include <thread>

namespace engine {

// The thread that something belongs to: the one that made it. Where another calls, a debug build ends at check().
class OwnThread
{
public:
    bool isThis() const { return m_id == std::this_thread::get_id(); }

    void check() const { assert(isThis()); }

private:
    std::thread::id m_id = std::this_thread::get_id();
};

} // namespace engine
