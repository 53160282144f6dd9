// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <QFont>

#include <vector>

namespace widgets {

// A piece of a sentence: words stand in secondary grey, numbers (and names) in text colour.
struct Run
{
    QString text;
    bool isNumber = false;

    bool operator==(const Run&) const = default;
};

// The answer of a view in one sentence, its title: 22 px, 16 where it would not fit or in the small layout, as many
// lines as it must (its height follows its width). The second line says the conditions.
class Sentence : public View
{
    Q_OBJECT

public:
    explicit Sentence(QWidget* parent = nullptr);

    void setRuns(std::vector<Run> runs);
    void setSecond(const QString& second);
    void setSmall(bool isSmall);

    QString text() const; // of all runs

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    bool hasHeightForWidth() const override { return true; }

    int heightForWidth(int width) const override;

signals:
    // Of the numbers before the sentence's end, counted from 0: the names are none. By mouse, or by Return on the one
    // that the arrows have come to; where nobody listens they lead nowhere and look so.
    void clicked(int number);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void connectNotify(const QMetaMethod& signal) override;

private:
    struct Placed
    {
        QRectF box;
        Run word;
        int number; // −1: a word or a name
    };

    std::vector<Placed> placed() const; // the words where they stand
    QFont face(double width) const;
    int lines(double width) const;
    int at(QPointF point) const;

    std::vector<Run> m_runs;
    QString m_second;
    bool m_small = false, m_leads = false;
    int m_over = 0; // the number that Return takes
};

} // namespace widgets
