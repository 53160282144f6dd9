// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/theme.h"

class QAbstractButton;

namespace widgets {

// What happened, why, and the one thing to do about it.
struct Message
{
    enum class Kind
    {
        Warning,
        Error
    };

    Kind kind = Kind::Error;
    QString what;   // in the colour of the kind
    QString why;    // in text colour
    QString action; // empty: none
};

// One message across the full width, 34 high, never a dialog. Hidden while there is nothing to say.
class MessageBar : public View
{
    Q_OBJECT

public:
    explicit MessageBar(QWidget* parent = nullptr);

    void show(const Message& message);
    void clear();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void acted();
    void closed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void themeChanged() override;

private:
    void place();

    Message m_message;
    QAbstractButton* m_action;
    QAbstractButton* m_close;
    QAbstractButton* m_copy; // of an error: its words to the clipboard
};

} // namespace widgets
