// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/document.h"
#include "app/session.h"
#ifndef Q_MOC_RUN // moc 6.4 cannot read <concepts>
#include "engine/jobs/worker.h"
#endif

#include <QObject>
#include <QTimer>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace app {

// Where the keeper keeps things and how often; an empty folder: nothing is remembered, nothing kept.
struct KeeperPlace
{
    std::filesystem::path folder;
    int everyMs = 60000; // at least this long between two kept states
};

// Saves and opens sessions, remembers recent files, and keeps the present state on disk so that a killed program loses
// at most a minute. Lives on the GUI thread; every file is touched on its own worker.
class Keeper : public QObject
{
    Q_OBJECT

public:
    Keeper(Document& document, KeeperPlace place);
    ~Keeper() override; // a program that ends well leaves nothing behind to recover

    const QStringList& recent() const { return m_memory.recent; }

    const QMap<QString, QString>& keys() const { return m_memory.keys; } // as Memory has them

    void setKeys(const QMap<QString, QString>& keys);

    const std::filesystem::path& session() const { return m_session; } // opened or saved last; empty: none

    bool hasOffer() const { return m_offer.has_value(); }

    bool idle() const { return m_pending == 0; }

public slots:
    void begin(); // looks for what an earlier program remembered or left
    void save(const std::filesystem::path& file);
    void open(const std::filesystem::path& path); // a session, a text (becomes the prompt), a checkpoint
    void restore();                               // what was found
    void dismiss();                               // it is thrown away

signals:
    void recentChanged();
    void keysChanged();
    void offerChanged();
    void hashChanged(const QString& hash); // of the open model's weights; empty: not known yet

private:
    struct Claim; // the locked place of this program's kept states

    struct Offer
    {
        std::filesystem::path file;
        SessionFile session;
        QString when; // it was kept
    };

    template <typename Work, typename Done>
    void submit(std::string tag, Work work, Done done);

    void load(const std::filesystem::path& file);
    void readPrompt(const std::filesystem::path& file);
    void take(const SessionFile& session);
    void modelChanged();
    void checkHash(const std::string& hash);
    void changed(); // the state: keep it soon
    void keep();
    void remember(const QString& path);
    void writeMemory();

    Document& m_document;
    KeeperPlace m_place;
    Memory m_memory;
    std::filesystem::path m_session;
    std::shared_ptr<Claim> m_claim; // none before begin() has found one
    std::optional<Offer> m_offer;
    std::string m_hash;                                          // of the open model's weights
    std::optional<std::pair<std::string, QString>> m_wantedHash; // a session's, and what it calls the checkpoint
    QTimer m_timer;
    qint64 m_keptAt = 0; // ms since the epoch
    int m_pending = 0;
    std::unique_ptr<engine::Worker> m_worker;
};

} // namespace app
