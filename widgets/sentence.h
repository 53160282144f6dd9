// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

#include <vector>

namespace widgets {

// A piece of a sentence: words stand in secondary grey, numbers (and names) in text colour.
struct Run
{
    QString text;
    bool isNumber = false;

    bool operator==(const Run&) const = default;
};

// The answer of a view in one sentence, its title: 22 px, 16 where it would not fit or in the small layout, two lines
// if it must. The second line says the conditions.
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

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<Run> m_runs;
    QString m_second;
    bool m_small = false;
};

} // namespace widgets
