using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>Something painted over the base of a scene.</summary>
/// <param name="Frame">Where it lies.</param>
/// <param name="Draw">Paints it; draws no random numbers, so that it can be painted again.</param>
/// <param name="IsRemovable">Whether its absence would be a defect.</param>
/// <param name="Piece">Number of the product it belongs to.</param>
internal sealed record Part(Frame Frame, Action<Painter> Draw, bool IsRemovable, int Piece);

/// <summary>A line that carries something (conductor, thread, wire), in image widths, that a defect may break.</summary>
internal readonly record struct Trace(float Ax, float Ay, float Bx, float By, float Half);

/// <summary>A place that carries print.</summary>
internal readonly record struct Print(Frame Frame, Rgb Ink);

/// <summary>A good scene as it is being put together: base layers, parts on them, and what defects need to know about it.</summary>
/// <param name="arena">Its planes.</param>
/// <param name="random">Everything that is drawn.</param>
/// <param name="isTexture">Whether it fills the image.</param>
/// <param name="noise">Where the noise of surfaces is drawn from, so that scenes of one look differ in it; <see langword="null"/>: as everything else.</param>
internal sealed class Scene(Arena arena, SeededRandom random, bool isTexture, SeededRandom? noise = null)
{
    private Plane? _fine;
    private Plane? _cloud;
    private Plane? _streak;
    private Plane? _rough;

    public Arena Arena { get; } = arena;

    public SeededRandom Random { get; } = random;

    public bool IsTexture { get; } = isTexture;

    public int Size => Arena.Size;

    /// <summary>Texture, or background of objects.</summary>
    public Layers Base { get; } = new(arena);

    public List<Part> Parts { get; } = [];

    public List<Trace> Traces { get; } = [];

    public List<Print> Prints { get; } = [];

    /// <summary>The light, where a category asks for a light of its own.</summary>
    public Light? Light { get; set; }

    /// <summary>Number of the product being built.</summary>
    public int Piece { get; set; }

    /// <summary>Direction of the streaks of metal and wood, in turns.</summary>
    public float Grain { get; } = random.Next();

    /// <summary>Fine grain, shared by the parts of a scene.</summary>
    public Plane Fine => _fine ??= Noise(0.7f, 0, 1e6f);

    /// <summary>Broad clouds.</summary>
    public Plane Cloud => _cloud ??= Noise(2.6f, 0, Size / 14f);

    /// <summary>Streaks along <see cref="Grain"/>.</summary>
    public Plane Streak => _streak ??= SpectralNoise.One(Arena, (noise ?? Random).Fork(), new(0.9f, 3, 1e6f, Random.Between(12, 60), Grain));

    /// <summary>Bumps of middle size.</summary>
    public Plane Rough => _rough ??= Noise(1.8f, 4, Size / 4f);

    public Plane Noise(float slope, float low, float high, float stretch = 1, float direction = 0) =>
        SpectralNoise.One(Arena, noise ?? Random, new(slope, low, high, stretch, direction));

    public (Plane First, Plane Second) NoisePair(float slope, float low, float high, float stretch = 1, float direction = 0) =>
        SpectralNoise.Pair(Arena, noise ?? Random, new(slope, low, high, stretch, direction));

    public Coordinates Coordinates(float periods, float turns, float bend = 0, float slant = 0) =>
        MfpClip.Data.Procedural.Noise.Coordinates.Create(Arena, Random, periods, turns, bend, slant);

    public void Add(Frame frame, Action<Painter> draw, bool removable = false) => Parts.Add(new(frame, draw, removable, Piece));

    /// <summary>Base and parts together.</summary>
    /// <param name="target">Where to paint.</param>
    /// <param name="change">What to paint in place of a part; <see langword="null"/>: nothing.</param>
    public void PaintTo(Layers target, Func<Part, Part?>? change = null)
    {
        Base.CopyTo(target);
        foreach (var part in Parts)
        {
            if ((change is null ? part : change(part)) is { } kept)
            {
                kept.Draw(new(target, Base, kept.Frame));
            }
        }
    }
}
