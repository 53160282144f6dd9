// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/cli.h"

#include <iostream>

int main(int argc, char** argv)
{
    const auto asked = app::cli::run(argc, argv);
    if (const int* exitCode = std::get_if<int>(&asked))
        return *exitCode;
    std::cerr << "subquad: this build has no window; --help lists the commands\n";
    return 2;
}
