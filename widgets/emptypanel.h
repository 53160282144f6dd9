// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QPushButton;

namespace widgets {

// What stands where there is nothing to see yet: one sentence, one line of why, one button that cures it.
class EmptyPanel : public View
{
    Q_OBJECT

public:
    explicit EmptyPanel(QWidget* parent = nullptr);

    void setWords(const QString& what, const QString& why, const QString& action = {});

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void acted();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    void place();

    QString m_what, m_why;
    QPushButton* m_action;
};

} // namespace widgets
