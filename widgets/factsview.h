// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QStringList>

#include <optional>
#include <vector>

namespace widgets {

// Facts in a column: a title, rows of a name and its numbers (perhaps a bar), a text, a command.
struct Facts
{
    struct Row
    {
        std::optional<Identity> identity;
        QString label;
        QStringList values; // right-aligned under the columns; one without columns
        double bar = -1;    // share of the longest bar, with its spread; below 0: none
        double low = -1, high = -1;
        bool hollow = false;           // not part of what is compared
        bool doubt = false;            // numbers to doubt, in warning colours
        std::vector<bool> doubts = {}; // of each number; empty: none alone
    };

    QString title, note; // note: at the right of the title
    QStringList columns;
    std::vector<Row> rows;
    QString text;
    QString code;
    double labelShare = 0; // of the width, for rows with a bar; 0: what the labels need
};

// Paints facts and returns where they end.
double paintFacts(QPainter& painter, const Facts& facts, const QRectF& box);

class FactsView : public View
{
    Q_OBJECT

public:
    explicit FactsView(QWidget* parent = nullptr);

    void setFacts(Facts facts);

    const Facts& facts() const { return m_facts; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    bool hasHeightForWidth() const override { return true; }

    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    Facts m_facts;
};

} // namespace widgets
