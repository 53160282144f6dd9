// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/documentstate.h"
#include "widgets/factsview.h"
#include "widgets/sentence.h"

#include <QImage>
#include <QJsonObject>
#include <QStringList>

#include <filesystem>
#include <vector>

namespace app {

// A figure that this program wrote, as it was.
struct FigureRecord
{
    QString name; // of its file
    QImage picture;
    QJsonObject provenance;
    DocumentState state;

    double widthMm() const;  // that it was drawn for
    QString written() const; // when: "2024-05-01 08:14 UTC"
};

// Reads a figure; one without its picture where it is a PDF of an earlier version. Throws Error{File} where it cannot
// be read, Error{Format} where it is no figure of this program.
FigureRecord readFigure(const std::filesystem::path& path);

// What two states show differently, in a few words each: "layer 1, now 2". Themes and docks are not what a figure
// shows.
QStringList changesBetween(const DocumentState& then, const DocumentState& now);

// An old figure beside the same view of now.
struct FigureComparison
{
    FigureRecord then;
    QJsonObject now; // its provenance
    QStringList changes;
    QImage picture; // of now; none: `missing` says why
    QString missing;
};

// The whole in a sentence: what differs in settings, and whether the pictures are the same.
std::vector<widgets::Run> sentenceOf(const FigureComparison& comparison);
// The numbers of every compared method, then and now.
widgets::Facts numbersOf(const FigureComparison& comparison);

} // namespace app
