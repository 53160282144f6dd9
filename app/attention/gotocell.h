// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QStringList>

#include <optional>

class QLabel;
class QLineEdit;

namespace app {

// Asks for a query and a key: a number as labels count them, from 1, or a token's text.
class GoToCell : public QDialog
{
    Q_OBJECT

public:
    GoToCell(QStringList tokens, bool causal, QWidget* parent = nullptr);

    // The token a text means: its number, else the last token so called up to `last`; none if there is none.
    static std::optional<int> placeOf(const QString& text, const QStringList& tokens, int last);

    QLineEdit& query() { return *m_query; }

    QLineEdit& key() { return *m_key; }

    QLabel& message() { return *m_message; }

public slots:
    void accept() override;

signals:
    void chosen(int query, int key);

private:
    QStringList m_tokens;
    bool m_causal;
    QLineEdit* m_query;
    QLineEdit* m_key;
    QLabel* m_message;
};

} // namespace app
