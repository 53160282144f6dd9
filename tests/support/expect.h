// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/error.h"

#include <QtTest/QTest>

#include <string>
#include <vector>

// Fails the test unless `work` throws an Error of that fault whose sentence holds all those words.
template <typename Work>
void expectError(engine::Fault fault, const std::vector<std::string>& words, const Work& work)
{
    try {
        work();
    } catch (const engine::Error& error) {
        const std::string sentence = error.what();
        QVERIFY2(error.fault() == fault, sentence.c_str());
        for (const std::string& word : words)
            QVERIFY2(sentence.find(word) != std::string::npos, (sentence + " — lacks: " + word).c_str());
        return;
    }
    QFAIL("an error was expected");
}
