// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/commandsearch.h"

#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace widgets {

namespace {

constexpr std::size_t mostShown = 200; // more is not read by anyone
constexpr int groupRole = Qt::UserRole + 1;
constexpr int keysRole = Qt::UserRole + 2;

int fitOfWord(const QString& title, const QString& group, const QString& word)
{
    const auto startsWord = [&word](const QString& text, qsizetype at) {
        return at == 0 || !text[at - 1].isLetterOrNumber() || !word[0].isLetterOrNumber();
    };
    qsizetype at = title.indexOf(word, 0, Qt::CaseInsensitive);
    if (at == 0)
        return 0;
    const bool inside = at > 0;
    for (; at > 0; at = title.indexOf(word, at + 1, Qt::CaseInsensitive))
        if (startsWord(title, at))
            return 1;
    if (group.startsWith(word, Qt::CaseInsensitive))
        return 2;
    return inside ? 3 : group.contains(word, Qt::CaseInsensitive) ? 4 : -1;
}

// Title, its group in grey after it, the keys at the right.
class CommandDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return {theme().px(200), theme().px(28)};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Theme& look = theme();
        const bool enabled = (option.state & QStyle::State_Enabled) != 0;
        painter->fillRect(option.rect, (option.state & QStyle::State_Selected) != 0 ? look.chosen : look.panel);
        const QRectF box = QRectF(option.rect).adjusted(look.px(Theme::gap3), 0, -look.px(Theme::gap3), 0);
        const QString title = index.data().toString();
        const QString keys = index.data(keysRole).toString();
        const QFont font = look.font(), small = look.font(Theme::labelSize);
        const double keysWidth = keys.isEmpty() ? 0 : textWidth(small, keys) + look.px(Theme::gap2);
        const double room = box.width() - keysWidth;
        drawText(*painter, {box.left(), box.top(), room, box.height()}, Qt::AlignLeft, title, font,
                 enabled ? look.text : look.disabled);
        const double left = box.left() + textWidth(font, title) + look.px(Theme::gap2);
        if (left < box.left() + room)
            drawText(*painter, {left, box.top(), box.left() + room - left, box.height()}, Qt::AlignLeft,
                     index.data(groupRole).toString(), small, look.secondary);
        drawText(*painter, box, Qt::AlignRight, keys, small, look.secondary);
    }
};

} // namespace

int fitOf(const Command& command, const QString& text)
{
    constexpr int apart = 4; // words found one by one come after the text found as it is
    if (text.trimmed().isEmpty())
        return 0;
    if (const int whole = fitOfWord(command.title, {}, text.trimmed()); whole >= 0)
        return whole;
    int fit = apart;
    for (const QString& word : text.split(u' ', Qt::SkipEmptyParts)) {
        const int one = fitOfWord(command.title, command.group, word);
        if (one < 0)
            return -1;
        fit += one;
    }
    return fit;
}

CommandSearch::CommandSearch(QWidget* parent)
    : QFrame(parent, Qt::Popup)
    , m_text(new QLineEdit(this))
    , m_list(new QListWidget(this))
{
    setFrameShape(QFrame::StyledPanel);
    setAccessibleName(tr("Find a command"));
    m_text->setAccessibleName(tr("What to find"));
    m_text->setClearButtonEnabled(true);
    m_list->setAccessibleName(tr("What was found"));
    m_list->setItemDelegate(new CommandDelegate(m_list));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setFocusPolicy(Qt::NoFocus); // the field keeps the keys
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_text->installEventFilter(this);
    auto* column = new QVBoxLayout(this);
    column->addWidget(m_text);
    column->addWidget(m_list, 1);
    connect(m_text, &QLineEdit::textChanged, this, &CommandSearch::narrow);
    connect(m_list, &QListWidget::itemClicked, this, &CommandSearch::take);
}

void CommandSearch::open(std::vector<Command> commands, const QString& hint, const QWidget& over)
{
    const Theme& look = theme();
    m_commands = std::move(commands);
    m_text->setPlaceholderText(hint);
    m_text->setMinimumHeight(look.px(28));
    layout()->setContentsMargins(look.px(Theme::gap2), look.px(Theme::gap2), look.px(Theme::gap2),
                                 look.px(Theme::gap2));
    layout()->setSpacing(look.px(Theme::gap2));
    m_text->clear();
    narrow();
    const int width = std::min(look.px(560), over.width() - look.px(Theme::gap5));
    const int height = std::min(look.px(420), over.height() - look.px(72));
    resize(width, height);
    move(over.mapToGlobal(QPoint((over.width() - width) / 2, look.px(56))));
    show();
    m_text->setFocus(Qt::PopupFocusReason);
}

void CommandSearch::setText(const QString& text)
{
    m_text->setText(text);
}

void CommandSearch::narrow()
{
    std::vector<std::pair<int, int>> found; // fit, place
    for (std::size_t place = 0; place < m_commands.size(); ++place)
        if (const int fit = fitOf(m_commands[place], m_text->text()); fit >= 0)
            found.emplace_back(fit, int(place));
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (found.size() > mostShown)
        found.resize(mostShown);
    m_shown.clear();
    m_list->clear();
    for (const auto& [fit, place] : found) {
        const Command& command = m_commands[std::size_t(place)];
        m_shown.push_back(place);
        auto* item = new QListWidgetItem(command.title, m_list);
        item->setData(groupRole, command.group);
        item->setData(keysRole, command.keys);
        item->setData(Qt::AccessibleTextRole, command.title + ", " + command.group);
        if (!command.enabled)
            item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
    }
    m_list->setCurrentRow(0);
}

void CommandSearch::take()
{
    const int row = m_list->currentRow();
    if (row < 0 || row >= int(m_shown.size()) || !m_commands[std::size_t(m_shown[std::size_t(row)])].enabled)
        return;
    const int place = m_shown[std::size_t(row)];
    hide(); // before: what is chosen may open something else
    emit chosen(place);
}

bool CommandSearch::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != m_text || event->type() != QEvent::KeyPress)
        return QFrame::eventFilter(watched, event);
    const auto* key = static_cast<QKeyEvent*>(event);
    const int last = m_list->count() - 1;
    const int page = std::max(1, m_list->height() / std::max(1, theme().px(28)) - 1);
    const auto go = [this, last](int by) {
        m_list->setCurrentRow(std::clamp(m_list->currentRow() + by, 0, std::max(0, last)));
        return true;
    };
    switch (key->key()) {
    case Qt::Key_Down:
        return go(1);
    case Qt::Key_Up:
        return go(-1);
    case Qt::Key_PageDown:
        return go(page);
    case Qt::Key_PageUp:
        return go(-page);
    case Qt::Key_Return:
    case Qt::Key_Enter:
        take();
        return true;
    case Qt::Key_Escape:
        hide();
        return true;
    default:
        return QFrame::eventFilter(watched, event);
    }
}

} // namespace widgets
