using MfpClip.Data.Procedural.Noise;
using MfpClip.Data.Procedural.Objects;
using MfpClip.Data.Procedural.Textures;

namespace MfpClip.Data.Procedural;

/// <summary>A category: its name, what it builds, what may be wrong with it.</summary>
internal sealed record CatalogueEntry(ProceduralCategory Category, Action<Scene> Build);

/// <summary>All categories. Names are stable; features that others cached are named by them.</summary>
internal static class Catalogue
{
    private static readonly DefectKind[] Common =
    [
        DefectKind.Scratch, DefectKind.Hole, DefectKind.Stain, DefectKind.Dent, DefectKind.Thread, DefectKind.ColorShift, DefectKind.Contamination,
        DefectKind.MissingPart,
        DefectKind.Misprint, DefectKind.CutPaste, DefectKind.ForeignTexture, DefectKind.Worn, DefectKind.ChippedEdge, DefectKind.Inclusion,
    ];

    private static readonly DefectKind[] Metal = [.. Common, DefectKind.Crack, DefectKind.Corrosion, DefectKind.Pits, DefectKind.Bent];
    private static readonly DefectKind[] Hard = [.. Common, DefectKind.Crack, DefectKind.Pits];
    private static readonly DefectKind[] Mouldy = [.. Hard, DefectKind.Corrosion];
    private static readonly DefectKind[] Soft = [.. Common, DefectKind.Wrinkle, DefectKind.Bent, DefectKind.BrokenLine];
    private static readonly DefectKind[] Wired = [.. Metal, DefectKind.BrokenLine];
    private static readonly DefectKind[] Moulded = [.. Common, DefectKind.Crack, DefectKind.Pits, DefectKind.Bent, DefectKind.Wrinkle];

    public static IReadOnlyList<CatalogueEntry> All { get; } =
    [
        Texture("brushed metal", Metals.Brushed, Metal),
        Texture("machined metal", Metals.Machined, Metal),
        Texture("cast metal", Metals.Cast, Metal),
        Texture("hot-rolled steel", Metals.HotRolled, Metal),
        Texture("tread plate", Metals.TreadPlate, Metal),
        Texture("wire mesh", Metals.Mesh, Wired, heldOut: true),
        Texture("fabric", Cloths.Fabric, Soft),
        Texture("carpet", Cloths.Carpet, Soft),
        Texture("leather", Cloths.Leather, Soft),
        Texture("wood", Organics.Wood, Mouldy, heldOut: true),
        Texture("cardboard", Organics.Cardboard, [.. Soft, DefectKind.Crack]),
        Texture("foam", Organics.Foam, Moulded),
        Texture("asphalt", Minerals.Asphalt, Hard),
        Texture("concrete", Minerals.Concrete, Mouldy),
        Texture("stone", Minerals.Stone, Hard),
        Texture("tile", Minerals.Tile, Hard, heldOut: true),
        Texture("brick wall", Minerals.Brick, Mouldy),
        Texture("glass", Synthetics.Glass, Hard),
        Texture("plastic", Synthetics.Plastic, Moulded),
        Texture("rubber mat", Synthetics.Rubber, Moulded),
        Texture("ceramic", Synthetics.Ceramic, Hard, heldOut: true),
        Texture("painted panel", Synthetics.Painted, [.. Moulded, DefectKind.Corrosion]),
        Texture("printed film", Synthetics.Printed, Soft),
        Texture("circuit board", Electronics.CircuitBoard, Wired),
        Texture("solar cell", Electronics.SolarCell, [.. Hard, DefectKind.BrokenLine, DefectKind.Corrosion]),
        Texture("patterned surface", Mixed.Patterned, Moulded),
        Object("screw", Fasteners.Screw, Wired),
        Object("metal nut", Fasteners.Nut, Metal, heldOut: true),
        Object("washer", Fasteners.Washer, Metal),
        Object("threaded rod", Fasteners.ThreadedRod, Wired),
        Object("gear", Machinery.Gear, Metal),
        Object("bearing", Machinery.Bearing, Metal),
        Object("spring", Machinery.Spring, Wired),
        Object("sheet metal part", Machinery.SheetPart, Metal),
        Object("rubber ring", Machinery.RubberRing, Moulded),
        Object("cable", Machinery.Cable, Moulded),
        Object("connector", Components.Connector, [.. Moulded, DefectKind.Corrosion]),
        Object("chip", Components.Chip, [.. Moulded, DefectKind.Corrosion]),
        Object("battery", Components.Battery, [.. Moulded, DefectKind.Corrosion]),
        Object("resistor", Components.Resistor, [.. Moulded, DefectKind.BrokenLine]),
        Object("zip", Components.Zip, [.. Soft, DefectKind.Corrosion], heldOut: true),
        Object("pill", Consumables.Pill, Hard, heldOut: true),
        Object("capsule", Consumables.Capsule, [.. Hard, DefectKind.Bent], heldOut: true),
        Object("biscuit", Consumables.Biscuit, Mouldy),
        Object("nut kernel", Consumables.Nut, Mouldy),
        Object("bottle cap", Consumables.BottleCap, Moulded),
        Object("bottle", Consumables.Bottle, Hard),
        Object("button", Consumables.Button, Moulded),
        Object("machined part", Assemblies.Machined, Metal),
        Object("moulded part", Assemblies.Moulded, Moulded),
    ];

    private static readonly Action<Scene>[] Foreign =
    [
        Metals.Brushed, Metals.Cast, Metals.HotRolled, Cloths.Fabric, Cloths.Leather, Organics.Foam, Organics.Cardboard, Minerals.Asphalt,
        Minerals.Concrete, Minerals.Stone,
        Synthetics.Plastic, Synthetics.Painted, Synthetics.Printed,
    ];

    /// <summary>A texture for a patch that does not belong.</summary>
    public static Action<Scene> ForeignTexture(SeededRandom random) => Foreign[random.Below(Foreign.Length)];

    private static CatalogueEntry Texture(string name, Action<Scene> build, DefectKind[] kinds, bool heldOut = false) =>
        new(new(name, true, heldOut) { Defects = kinds }, scene =>
    {
        build(scene);
        NormalFeatures.Add(scene);
    });

    private static CatalogueEntry Object(string name, Action<Scene> build, DefectKind[] kinds, bool heldOut = false) =>
        new(new(name, false, heldOut) { Defects = kinds }, build);
}
