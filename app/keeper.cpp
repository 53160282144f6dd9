// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/keeper.h"

#include "app/cli/opened.h"
#include "app/laneengine.h"
#include "engine/files/bytes.h"
#include "engine/model/model.h"

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QLockFile>
#include <QMetaObject>
#include <QSaveFile>

#include <algorithm>
#include <utility>

namespace app {

namespace fs = std::filesystem;

using engine::Error;
using engine::Fault;
using engine::Job;

// One of the places session-1, session-2… of the folder, locked while the program runs.
struct Keeper::Claim
{
    explicit Claim(const fs::path& stem)
        : file(stem.string() + ".subquad")
        , lock(QString::fromStdString(stem.string() + ".lock"))
    {
        lock.setStaleLockTime(0); // only a program that is gone loses its lock
    }

    fs::path file;
    QLockFile lock;
};

namespace {

constexpr std::size_t mostBytes = 64 << 20; // of a session or a prompt
constexpr int soonMs = 1500;                // after a change, where the last keeping is long ago

QString textOf(const fs::path& path)
{
    return QString::fromStdString(path.string());
}

QByteArray bytesOf(const fs::path& path)
{
    noteEngineWork("session");
    return QByteArray::fromStdString(engine::File(path).text(mostBytes));
}

// All of it or, where that fails, what was there before.
void write(const fs::path& path, const QByteArray& bytes)
{
    noteEngineWork("session");
    QSaveFile file(textOf(path));
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        throw Error(Fault::File, path.string() + " cannot be written: " + file.errorString().toStdString());
}

SessionFile readSession(const fs::path& path)
{
    try {
        return sessionOf(bytesOf(path), path.parent_path());
    } catch (const Error& error) {
        const std::string what = error.what();
        throw Error(error.fault(), what.starts_with(path.string()) ? what : path.string() + ": " + what);
    }
}

fs::path memoryFile(const fs::path& folder)
{
    return folder / "memory.json";
}

bool isText(const fs::path& path)
{
    return path.extension() == ".txt" || path.extension() == ".md";
}

} // namespace

Keeper::Keeper(Document& document, KeeperPlace place)
    : m_document(document)
    , m_place(std::move(place))
    , m_worker(std::make_unique<engine::Worker>("sessions", [this](std::function<void()> call) {
        QMetaObject::invokeMethod(this, std::move(call), Qt::QueuedConnection);
    }))
{
    m_timer.setSingleShot(true);
    connect(&m_timer, &QTimer::timeout, this, &Keeper::keep);
    connect(&m_document, &Document::historyChanged, this, &Keeper::changed);
    connect(&m_document, &Document::modelChanged, this, &Keeper::modelChanged);
}

Keeper::~Keeper()
{
    m_worker.reset();
    if (m_claim) // the window is gone: nobody waits for this
        QFile::remove(textOf(m_claim->file));
}

template <typename Work, typename Done>
void Keeper::submit(std::string tag, Work work, Done done)
{
    ++m_pending;
    m_worker->submit(std::move(tag), std::move(work), [this, done = std::move(done)](auto outcome) {
        --m_pending;
        if (std::holds_alternative<Error>(outcome))
            m_document.report(std::get<Error>(outcome));
        if (outcome.index() == 0)
            done(std::get<0>(std::move(outcome)));
    });
}

void Keeper::begin()
{
    if (m_place.folder.empty())
        return;

    struct Found
    {
        Memory memory;
        std::shared_ptr<Claim> claim;
        std::optional<Offer> offer;
    };

    submit(
        "begin",
        [folder = m_place.folder](Job&) {
            noteEngineWork("session");
            Found found;
            std::error_code failed;
            fs::create_directories(folder, failed);
            if (fs::exists(memoryFile(folder), failed))
                found.memory = memoryOf(bytesOf(memoryFile(folder)));
            fs::file_time_type newest;
            for (int place = 1; place < 100; ++place) {
                auto claim = std::make_shared<Claim>(folder / ("session-" + std::to_string(place)));
                if (!claim->lock.tryLock(0))
                    continue; // a running program's
                if (!fs::exists(claim->file, failed)) {
                    found.claim = std::move(claim);
                    return found;
                }
                const fs::file_time_type when = fs::last_write_time(claim->file, failed);
                if (found.offer && when < newest)
                    continue;
                try {
                    const QString time = QFileInfo(textOf(claim->file)).lastModified().toString("d MMM hh:mm");
                    found.offer = Offer{claim->file, readSession(claim->file), time};
                    newest = when;
                } catch (const Error&) {
                    fs::remove(claim->file, failed); // of no use to anyone
                }
            }
            return found;
        },
        [this](Found found) {
            m_memory = std::move(found.memory);
            m_claim = std::move(found.claim);
            m_offer = std::move(found.offer);
            ViewLayout layout = m_document.state().layout;
            layout.dark = m_memory.dark;
            layout.scale = m_memory.scale;
            m_document.prefer(layout);
            emit recentChanged();
            emit keysChanged();
            if (m_offer) {
                m_document.setMessage(Message{tr("Subquad was not closed properly."),
                                              tr("What was open on %1 has been kept.").arg(m_offer->when), true,
                                              Message::Cure::Restore});
                emit offerChanged();
            }
            if (m_document.model())
                remember(textOf(m_document.state().checkpoint));
            changed();
        });
}

void Keeper::save(const fs::path& file)
{
    const SessionFile session{m_document.state(), m_hash};
    submit(
        "save",
        [session, file](Job&) {
            write(file, sessionBytes(session, fs::absolute(file).parent_path()));
            return file;
        },
        [this](const fs::path& saved) {
            m_session = saved;
            remember(textOf(saved));
        });
}

void Keeper::open(const fs::path& path)
{
    if (path.extension() == ".subquad")
        load(path);
    else if (isText(path))
        readPrompt(path);
    else
        m_document.open(path);
}

void Keeper::load(const fs::path& file)
{
    submit(
        "load", [file](Job&) { return readSession(fs::absolute(file)); },
        [this, file](const SessionFile& session) {
            m_session = file;
            take(session);
            remember(textOf(file));
        });
}

void Keeper::readPrompt(const fs::path& file)
{
    submit(
        "prompt", [file](Job&) { return bytesOf(file).toStdString(); },
        [this](const std::string& text) { m_document.setPrompt(text); });
}

void Keeper::take(const SessionFile& session)
{
    const bool sameModel = m_document.model() && session.state.checkpoint == m_document.state().checkpoint;
    m_wantedHash.reset();
    if (!session.weightsHash.empty())
        m_wantedHash = {session.weightsHash, QString::fromStdString(session.state.checkpoint.filename().string())};
    m_document.become(session.state);
    if (sameModel && !m_hash.empty())
        checkHash(m_hash);
}

void Keeper::modelChanged()
{
    m_hash.clear();
    const auto model = m_document.model();
    if (!model)
        return;
    emit hashChanged({});
    remember(textOf(m_document.state().checkpoint));
    submit(
        "hash",
        [model](Job& job) {
            noteEngineWork("hash");
            return cli::weightsHash(model->checkpoint(), job);
        },
        [this, model](std::string hash) {
            if (model != m_document.model())
                return;
            m_hash = std::move(hash);
            emit hashChanged(QString::fromStdString(m_hash));
            checkHash(m_hash);
        });
}

void Keeper::checkHash(const std::string& hash)
{
    const auto wanted = std::exchange(m_wantedHash, std::nullopt);
    if (!wanted || wanted->first == hash)
        return;
    const auto shortened = [](const std::string& full) { return QString::fromStdString(full.substr(0, 8)); };
    m_document.setMessage(Message{tr("%1 is not the file this session was made with.").arg(wanted->second),
                                  tr("Its weights have SHA-256 %1…, %2… was expected: the numbers will differ.")
                                      .arg(shortened(hash), shortened(wanted->first)),
                                  true, Message::Cure::None});
}

void Keeper::changed()
{
    const Memory before = m_memory;
    m_memory.dark = m_document.state().layout.dark;
    m_memory.scale = m_document.state().layout.scale;
    if (m_claim && m_memory != before)
        writeMemory();
    if (!m_claim || m_timer.isActive())
        return;
    const qint64 since = QDateTime::currentMSecsSinceEpoch() - m_keptAt;
    m_timer.start(int(std::max<qint64>(std::min(soonMs, m_place.everyMs), m_place.everyMs - since)));
}

void Keeper::keep()
{
    m_keptAt = QDateTime::currentMSecsSinceEpoch();
    submit(
        "keep",
        [session = SessionFile{m_document.state(), m_hash}, claim = m_claim](Job&) {
            write(claim->file, sessionBytes(session, {}));
        },
        [](std::monostate) {});
}

void Keeper::remember(const QString& path)
{
    if (!m_claim)
        return;
    const QString absolute = QFileInfo(path).absoluteFilePath();
    m_memory.recent.removeAll(absolute);
    m_memory.recent.prepend(absolute);
    while (m_memory.recent.size() > mostRecent)
        m_memory.recent.removeLast();
    writeMemory();
    emit recentChanged();
}

void Keeper::setKeys(const QMap<QString, QString>& keys)
{
    if (keys == m_memory.keys)
        return;
    m_memory.keys = keys;
    if (m_claim)
        writeMemory();
    emit keysChanged();
}

void Keeper::writeMemory()
{
    submit(
        "memory", [memory = m_memory, file = memoryFile(m_place.folder)](Job&) { write(file, memoryBytes(memory)); },
        [](std::monostate) {});
}

void Keeper::restore()
{
    if (!m_offer)
        return;
    const Offer offer = *std::exchange(m_offer, std::nullopt);
    take(offer.session);
    m_document.setMessage(std::nullopt);
    // It is kept in this program's own place before the old one goes.
    keep();
    submit(
        "forget", [file = offer.file](Job&) { fs::remove(file); }, [](std::monostate) {});
    emit offerChanged();
}

void Keeper::dismiss()
{
    if (!m_offer)
        return;
    submit(
        "forget", [file = m_offer->file](Job&) { fs::remove(file); }, [](std::monostate) {});
    m_offer.reset();
    emit offerChanged();
}

} // namespace app
