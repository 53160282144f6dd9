// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/cli.h"
#include "app/window.h"

int main(int argc, char** argv)
{
    const auto asked = app::cli::run(argc, argv);
    if (const int* exitCode = std::get_if<int>(&asked))
        return *exitCode;
    return app::runWindow(argc, argv, std::get<app::WindowRequest>(asked));
}
