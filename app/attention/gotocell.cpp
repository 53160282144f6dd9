// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/gotocell.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>

#include <algorithm>

namespace app {

GoToCell::GoToCell(QStringList tokens, bool causal, QWidget* parent)
    : QDialog(parent)
    , m_tokens(std::move(tokens))
    , m_causal(causal)
    , m_query(new QLineEdit(this))
    , m_key(new QLineEdit(this))
    , m_message(new QLabel(this))
{
    setWindowTitle(tr("Go to cell"));
    m_query->setPlaceholderText(tr("number or token"));
    m_key->setPlaceholderText(tr("number or token"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    auto* form = new QFormLayout(this);
    form->addRow(tr("Query"), m_query);
    form->addRow(tr("Key"), m_key);
    form->addRow(m_message);
    form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::accepted, this, &GoToCell::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
}

std::optional<int> GoToCell::placeOf(const QString& text, const QStringList& tokens, int last)
{
    bool isNumber = false;
    const int number = text.trimmed().toInt(&isNumber);
    if (isNumber && number >= 1 && number <= last + 1)
        return number - 1;
    for (int place = std::min(last, int(tokens.size()) - 1); place >= 0; --place)
        if (tokens[place] == text.trimmed())
            return place;
    return std::nullopt;
}

void GoToCell::accept()
{
    const int end = int(m_tokens.size()) - 1;
    const auto query = placeOf(m_query->text(), m_tokens, end);
    if (!query) {
        m_message->setText(tr("There is no query ‘%1’; a token of the text or a number from 1 to %2 was expected.")
                               .arg(m_query->text())
                               .arg(end + 1));
        return;
    }
    const int last = m_causal ? *query : end;
    const auto key = placeOf(m_key->text(), m_tokens, last);
    if (!key) {
        m_message->setText(tr("Query %1 has no key ‘%2’; a token before it or a number from 1 to %3 was expected.")
                               .arg(*query + 1)
                               .arg(m_key->text())
                               .arg(last + 1));
        return;
    }
    emit chosen(*query, *key);
    QDialog::accept();
}

} // namespace app
