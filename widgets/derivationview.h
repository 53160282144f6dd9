// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/values/study.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <optional>
#include <vector>

namespace widgets {

// One weight derived twice, exact and approximate, line by line; lines of one id stand side by side, and the first
// whose numbers differ is marked.
class DerivationView : public View
{
    Q_OBJECT

public:
    explicit DerivationView(QWidget* parent = nullptr);

    void setDerivations(const engine::Derivation& exact, const engine::Derivation& own, const Identity& exactIdentity,
                        const Identity& ownIdentity);

    QString firstDifference() const; // the label of the marked line; empty: none

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    // A line of both accounts; one may be missing.
    struct Line
    {
        std::optional<engine::DerivationLine> exact, own;
        bool first = false; // that differs

        const engine::DerivationLine& any() const { return exact ? *exact : *own; }

        bool formulas() const { return !(exact ? exact->formula : "").empty() || !(own ? own->formula : "").empty(); }

        bool result() const { return any().result; }
    };

    double heightOf(const Line& line) const;
    double columnWidth() const;
    void drawLine(QPainter& painter, const Line& line, double top) const;
    void drawDifference(QPainter& painter, double top) const;
    std::optional<double> difference() const; // own − exact
    void describe();

    std::vector<Line> m_lines;
    Identity m_exact, m_own;
};

} // namespace widgets
