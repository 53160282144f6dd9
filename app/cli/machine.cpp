// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/machine.h"

#include "engine/compute/environment.h"

#include <cstdlib>
#include <streambuf>
#include <string>

using namespace engine;

namespace app::cli {

namespace {

// Passes on what is written and remembers that something was.
class Witness : public std::streambuf
{
public:
    explicit Witness(std::ostream& out)
        : m_out(out)
        , m_to(out.rdbuf(this))
    {
    }

    ~Witness() override
    {
        const std::ios::iostate state = m_out.rdstate(); // which rdbuf() would clear: a full disk must be told
        m_out.rdbuf(m_to);
        m_out.setstate(state);
    }

    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

    bool saw() const { return m_saw; }

protected:
    int_type overflow(int_type c) override
    {
        m_saw = true;
        return traits_type::eq_int_type(c, traits_type::eof()) ? traits_type::not_eof(c)
                                                               : m_to->sputc(traits_type::to_char_type(c));
    }

    std::streamsize xsputn(const char* text, std::streamsize count) override
    {
        m_saw = true;
        return m_to->sputn(text, count);
    }

    int sync() override { return m_to->pubsync(); }

private:
    std::ostream& m_out;
    std::streambuf* m_to;
    bool m_saw = false;
};

} // namespace

int onMachine(const MachineChoice& where, Context& context, const std::function<int(Machine&)>& work)
{
    if (where.backend == "reference") {
        if (!where.device.empty())
            throw Error(Fault::Request, "--device " + where.device + " and --backend reference exclude each other");
        Machine reference;
        return work(reference);
    }
    const char* variable = std::getenv("SUBQUAD_DEVICE"); // NOLINT(concurrency-mt-unsafe): nobody sets it
    const bool asked = where.backend == "opencl" || !where.device.empty() || (variable != nullptr && *variable != '\0');
    if (!asked && Device::list().empty()) {
        context.log << "No OpenCL device. Running the built-in double-precision reference (slower).\n";
        if (!obstacle().empty())
            context.log << obstacle() << '\n';
        Machine reference;
        return work(reference);
    }
    const Witness witness(context.out);
    try {
        Machine machine(Device::choose(where.device));
        return work(machine);
    } catch (const Error& error) {
        if (error.fault() != Fault::Device)
            throw;
        // What was written already cannot be taken back: to begin anew would write it twice.
        if (asked || witness.saw())
            throw Error(Fault::Device, std::string(error.what()) + "; --backend reference runs without a device");
        context.log << error.what() << "\nRunning the built-in double-precision reference instead (slower).\n";
    }
    Machine reference;
    return work(reference);
}

} // namespace app::cli
