namespace MfpClip.Data.Procedural.Defects;

/// <summary>How each kind is made, how large it may be (fraction of the image), and what it is called.</summary>
internal sealed record DefectEntry(DefectKind Kind, Action<DefectSite> Apply, float Smallest, float Largest, string Noun, string Adjective);

/// <summary>All kinds of defects.</summary>
internal static class DefectCatalogue
{
    private static readonly Dictionary<DefectKind, DefectEntry> All = new DefectEntry[]
    {
        new(DefectKind.Scratch, LineDefects.Scratch, 0.0006f, 0.012f, "scratch", "scratched"),
        new(DefectKind.Crack, LineDefects.Crack, 0.0006f, 0.012f, "crack", "cracked"),
        new(DefectKind.Hole, ShapeDefects.Hole, 0.0005f, 0.04f, "hole", "perforated"),
        new(DefectKind.Stain, SurfaceDefects.Stain, 0.0008f, 0.15f, "stain", "stained"),
        new(DefectKind.Dent, ShapeDefects.Dent, 0.001f, 0.06f, "dent", "dented"),
        new(DefectKind.Thread, LineDefects.Thread, 0.0008f, 0.012f, "loose thread", "covered by a hair"),
        new(DefectKind.Corrosion, SurfaceDefects.Corrosion, 0.001f, 0.2f, "corrosion", "corroded"),
        new(DefectKind.ColorShift, SurfaceDefects.ColorShift, 0.0012f, 0.22f, "colour shift", "discoloured"),
        new(DefectKind.Contamination, SurfaceDefects.Contamination, 0.0005f, 0.04f, "contamination", "contaminated"),
        new(DefectKind.MissingPart, ShapeDefects.MissingPart, 0.0008f, 0.06f, "missing part", "incomplete"),
        new(DefectKind.Misprint, ShapeDefects.Misprint, 0.0008f, 0.03f, "misprint", "misprinted"),
        new(DefectKind.Bent, ShapeDefects.Bent, 0.002f, 0.08f, "bend", "bent"),
        new(DefectKind.Pits, SurfaceDefects.Pits, 0.0005f, 0.015f, "cluster of pits", "pitted"),
        new(DefectKind.CutPaste, SurfaceDefects.CutPaste, 0.0015f, 0.1f, "misplaced patch", "misaligned"),
        new(DefectKind.ForeignTexture, SurfaceDefects.ForeignTexture, 0.001f, 0.12f, "patch of foreign material", "covered by foreign material"),
        new(DefectKind.Worn, SurfaceDefects.Worn, 0.002f, 0.2f, "worn area", "worn"),
        new(DefectKind.ChippedEdge, ShapeDefects.ChippedEdge, 0.0005f, 0.03f, "chipped edge", "chipped"),
        new(DefectKind.Inclusion, SurfaceDefects.Inclusion, 0.004f, 0.25f, "inclusion", "spotted with inclusions"),
        new(DefectKind.BrokenLine, LineDefects.BrokenLine, 0.0004f, 0.006f, "broken line", "interrupted"),
        new(DefectKind.Wrinkle, LineDefects.Wrinkle, 0.002f, 0.03f, "wrinkle", "wrinkled"),
    }.ToDictionary(e => e.Kind);

    public static DefectEntry Of(DefectKind kind) => All[kind];
}
