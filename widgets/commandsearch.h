// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

#include <vector>

class QLineEdit;
class QListWidget;

namespace widgets {

// Something that can be done or gone to.
struct Command
{
    QString title;
    QString group; // where it lives: "View", "Token", "Layer and head"
    QString keys;  // its shortcut; empty if it has none
    bool enabled = true;

    bool operator==(const Command&) const = default;
};

// How well a text fits a command; less is better, −1: not at all. Every word of it must be found in title or group; all
// of it together beats its words apart, the beginning of the title that of a word, that the inside of one.
int fitOf(const Command& command, const QString& text);

// A field over a list that narrows while one types. Up, down and Return choose, Esc leaves.
class CommandSearch : public QFrame
{
    Q_OBJECT

public:
    explicit CommandSearch(QWidget* parent = nullptr);

    // Opens centred in the upper part of `over`, on all commands; `hint` stands in the empty field.
    void open(std::vector<Command> commands, const QString& hint, const QWidget& over);

    void setText(const QString& text);

    // Places in the list given to open(), best first.
    const std::vector<int>& shown() const { return m_shown; }

signals:
    void chosen(int place); // in the list given to open()

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void narrow();
    void take();

    QLineEdit* m_text;
    QListWidget* m_list;
    std::vector<Command> m_commands;
    std::vector<int> m_shown;
};

} // namespace widgets
