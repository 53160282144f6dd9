// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/figurecompare.h"

#include <QDialog>

namespace app {

// A figure that came back: what it shows and in what that differs from the window, and what can be done with it.
// Nothing is done until it is asked for.
class FigureOffer : public QDialog
{
    Q_OBJECT

public:
    FigureOffer(const FigureRecord& record, const QStringList& changes, QWidget* parent);

signals:
    void viewAsked(); // to open again
    void compareAsked();
    void provenanceAsked();
};

// The old picture and numbers beside the present ones.
class ComparisonDialog : public QDialog
{
    Q_OBJECT

public:
    ComparisonDialog(const FigureComparison& comparison, QWidget* parent);

signals:
    void viewAsked();
    void provenanceAsked();
};

// Where a figure's numbers come from: in a sentence, and all of it as the file has it.
class ProvenanceDialog : public QDialog
{
    Q_OBJECT

public:
    ProvenanceDialog(const FigureRecord& record, QWidget* parent);
};

} // namespace app
