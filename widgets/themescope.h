// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

namespace widgets {

// While it lives, everything this thread paints has another theme: figures are light and of their own size, whatever
// the screen shows, and may be painted on a worker. Scopes may be nested.
class ThemeScope
{
public:
    explicit ThemeScope(const Theme& look);
    ~ThemeScope();
    ThemeScope(const ThemeScope&) = delete;
    ThemeScope& operator=(const ThemeScope&) = delete;

private:
    Theme m_theme;
    const Theme* m_before;
};

} // namespace widgets
