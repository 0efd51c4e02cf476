namespace MfpClip.Data;

/// <summary>What is wrong with a rendered product. Numbers are stable.</summary>
public enum DefectKind
{
    /// <summary>One or more long thin marks.</summary>
    Scratch,

    /// <summary>A branching line that wanders.</summary>
    Crack,

    /// <summary>A hole through the surface or into it.</summary>
    Hole,

    /// <summary>A dried liquid, at times with a rim.</summary>
    Stain,

    /// <summary>A bump or hollow, seen by its shading.</summary>
    Dent,

    /// <summary>A loose thread or hair.</summary>
    Thread,

    /// <summary>Rust on metal, oxide or mould elsewhere.</summary>
    Corrosion,

    /// <summary>A place of another colour or tone.</summary>
    ColorShift,

    /// <summary>Foreign material on the surface: crumbs, drops, grease.</summary>
    Contamination,

    /// <summary>A part or piece of the product is not there.</summary>
    MissingPart,

    /// <summary>Print that is shifted, incomplete or where none belongs.</summary>
    Misprint,

    /// <summary>A part or place that is not straight.</summary>
    Bent,

    /// <summary>A cluster of small hollows.</summary>
    Pits,

    /// <summary>A patch that belongs elsewhere on the product.</summary>
    CutPaste,

    /// <summary>A patch of another material.</summary>
    ForeignTexture,

    /// <summary>Rubbed off, smeared or polished.</summary>
    Worn,

    /// <summary>A chip or burr at the outline; inside a texture a flake.</summary>
    ChippedEdge,

    /// <summary>A region of slightly another tone, often large.</summary>
    Inclusion,

    /// <summary>A conductor, thread or wire that is cut, nibbled or joined to its neighbour.</summary>
    BrokenLine,

    /// <summary>A crease.</summary>
    Wrinkle,
}
