using System.Buffers.Binary;
using System.Text;

namespace MfpClip.Native;

/// <summary>
/// Marks the version need GLIBCXX_3.4.32 of libLibTorchSharp.so as weak: one byte (vna_flags = VER_FLG_WEAK).
/// The only symbol of that version is never called, so an older libstdc++ serves as well.
/// </summary>
/// <remarks>ELF64 little-endian, System V ABI chapter 4 and the GNU symbol versioning extension.</remarks>
internal static class WeakVersionRepair
{
    internal const string VersionName = "GLIBCXX_3.4.32";
    internal const string LibraryName = "libstdc++.so.6";
    internal const string SymbolName = "_ZSt21ios_base_library_initv";

    private const uint SectionDynamicSymbols = 11;
    private const uint SectionRela = 4;
    private const uint SectionRel = 9;
    private const uint SectionVersionNeeds = 0x6ffffffe;
    private const uint SectionVersionSymbols = 0x6fffffff;
    private const ushort WeakFlag = 2;

    /// <summary>Returns a repaired copy.</summary>
    /// <exception cref="NativeBackendException">The file is not the library this repair was proven on.</exception>
    public static byte[] Apply(ReadOnlySpan<byte> library)
    {
        var copy = library.ToArray();
        int flags = FlagOffset(library);
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(flags, 2), WeakFlag);
        return copy;
    }

    /// <summary>Offset of the two flag bytes of the one version need that may be weakened.</summary>
    internal static int FlagOffset(ReadOnlySpan<byte> library)
    {
        var sections = ReadSections(library);
        var needs = Single(sections, SectionVersionNeeds, "version needs");
        var (flags, versionIndex, current) = FindNeed(library, needs, sections);
        if (current != 0)
        {
            throw Refuse($"the need {VersionName} already carries flags {current}");
        }

        int symbol = FindSymbol(library, sections, versionIndex);
        foreach (var section in sections)
        {
            if (section.Type is SectionRela or SectionRel && RefersTo(library, section, symbol))
            {
                throw Refuse($"a relocation refers to {SymbolName}, so the symbol is really used");
            }
        }

        return flags;
    }

    private static (int FlagOffset, int VersionIndex, int Flags) FindNeed(ReadOnlySpan<byte> library, Section needs, List<Section> sections)
    {
        var strings = Linked(sections, needs);
        (int, int, int)? found = null;
        long file = needs.Offset;
        for (uint entry = 0; entry < needs.Info; entry++)
        {
            int count = U16(library, file + 2);
            string name = Text(library, strings, U32(library, file + 4));
            long need = file + U32(library, file + 8);
            for (int i = 0; i < count; i++)
            {
                if (Text(library, strings, U32(library, need + 8)) == VersionName)
                {
                    if (found is not null || name != LibraryName)
                    {
                        throw Refuse($"{VersionName} is needed more than once or not from {LibraryName}");
                    }

                    found = (checked((int)need) + 4, U16(library, need + 6) & 0x7fff, U16(library, need + 4));
                }

                need += U32(library, need + 12);
            }

            file += U32(library, file + 12);
        }

        return found ?? throw Refuse($"it does not need {VersionName}");
    }

    private static int FindSymbol(ReadOnlySpan<byte> library, List<Section> sections, int versionIndex)
    {
        var versions = Single(sections, SectionVersionSymbols, "symbol versions");
        var symbols = Single(sections, SectionDynamicSymbols, "dynamic symbols");
        var strings = Linked(sections, symbols);
        int found = -1;
        for (int i = 0; i < versions.Size / 2; i++)
        {
            if ((U16(library, versions.Offset + (2L * i)) & 0x7fff) != versionIndex)
            {
                continue;
            }

            string name = Text(library, strings, U32(library, symbols.Offset + (24L * i)));
            if (found >= 0 || name != SymbolName)
            {
                throw Refuse($"the symbol {name} is bound to {VersionName}; only {SymbolName} may be");
            }

            found = i;
        }

        return found >= 0 ? found : throw Refuse($"no symbol is bound to {VersionName}");
    }

    private static bool RefersTo(ReadOnlySpan<byte> library, Section table, int symbol)
    {
        int size = table.Type == SectionRela ? 24 : 16;
        for (long at = table.Offset; at + size <= table.Offset + table.Size; at += size)
        {
            if (U32(library, at + 12) == (uint)symbol)
            {
                return true;
            }
        }

        return false;
    }

    private static List<Section> ReadSections(ReadOnlySpan<byte> library)
    {
        if (library.Length < 64 || !library[..4].SequenceEqual("\u007fELF"u8) || library[4] != 2 || library[5] != 1 || U16(library, 18) != 62)
        {
            throw Refuse("it is not a 64-bit little-endian x86-64 ELF file");
        }

        long start = I64(library, 40);
        int size = U16(library, 58);
        int count = U16(library, 60);
        if (size != 64 || count == 0)
        {
            throw Refuse("it has no section table");
        }

        var sections = new List<Section>(count);
        for (int i = 0; i < count; i++)
        {
            long at = start + (64L * i);
            var section = new Section(U32(library, at + 4), I64(library, at + 24), I64(library, at + 32), U32(library, at + 40), U32(library, at + 44));
            if (section.Type != 8 && (section.Offset < 0 || section.Size < 0 || section.Offset > library.Length - section.Size))
            {
                throw Refuse("a section lies outside the file");
            }

            sections.Add(section);
        }

        return sections;
    }

    private static Section Single(List<Section> sections, uint type, string what)
    {
        var found = sections.Where(s => s.Type == type).ToList();
        return found.Count == 1 ? found[0] : throw Refuse($"it has {found.Count} sections of {what}, one was expected");
    }

    private static Section Linked(List<Section> sections, Section section) =>
        section.Link < sections.Count ? sections[(int)section.Link] : throw Refuse("a section link is out of range");

    private static string Text(ReadOnlySpan<byte> library, Section strings, uint offset)
    {
        if (offset >= strings.Size)
        {
            throw Refuse("a name lies outside its string table");
        }

        var rest = library.Slice((int)(strings.Offset + offset), (int)(strings.Size - offset));
        int end = rest.IndexOf((byte)0);
        return end >= 0 ? Encoding.UTF8.GetString(rest[..end]) : throw Refuse("a name has no end");
    }

    private static ushort U16(ReadOnlySpan<byte> library, long at) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(library, at, 2));

    private static uint U32(ReadOnlySpan<byte> library, long at) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(library, at, 4));

    private static long I64(ReadOnlySpan<byte> library, long at) => BinaryPrimitives.ReadInt64LittleEndian(Slice(library, at, 8));

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> library, long at, int length) =>
        at >= 0 && at <= library.Length - length ? library.Slice((int)at, length) : throw Refuse("it is truncated");

    private static NativeBackendException Refuse(string reason) => new(
        $"libLibTorchSharp.so cannot be repaired for this system: {reason}. Use a system with libstdc++ of GCC 13 or newer (Debian 13, Ubuntu 24.04).");

    private readonly record struct Section(uint Type, long Offset, long Size, uint Link, uint Info);
}
