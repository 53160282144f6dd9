// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

// Files and folders made to hurt.
namespace hostile {

struct Case
{
    std::string name;
    std::function<std::filesystem::path(const std::filesystem::path&)> make; // in an empty folder; what is opened
    std::vector<std::string> words;                                          // of the sentence
    bool run = false; // the fault is in the weights themselves: only what reads them finds it
};

std::vector<Case> safetensorsCases();
std::vector<Case> configCases();
std::vector<Case> tokenizerCases();
std::vector<Case> llama2cCases();
std::vector<Case> systemCases(); // empty files, FIFOs, devices, circles, pickles

} // namespace hostile
