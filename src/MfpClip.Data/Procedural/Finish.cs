using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>Materials that objects are made of.</summary>
internal static class Finish
{
    public static Rgb MetalColor(SeededRandom r) => r.Pick(
        Rgb.Grey(0.62f), Rgb.Grey(0.72f), Rgb.Grey(0.5f), Rgb.Grey(0.38f), new Rgb(0.66f, 0.68f, 0.72f), new Rgb(0.55f, 0.57f, 0.6f),
        new Rgb(0.72f, 0.6f, 0.34f), new Rgb(0.66f, 0.44f, 0.32f), new Rgb(0.3f, 0.3f, 0.32f), new Rgb(0.78f, 0.72f, 0.5f)).Vary(r, 0.1f);

    public static Paint Metal(Scene s, SeededRandom r)
    {
        bool streaks = r.Chance(0.45f);
        var color = MetalColor(r);
        return new()
        {
            Color = color, Grain = streaks ? s.Streak : s.Fine, GrainAmount = r.Between(0.02f, 0.13f), Gloss = r.Between(0.3f, 0.95f),
            Rough = streaks ? s.Streak : s.Rough, RoughAmount = r.Between(0, 0.00025f), Spots = r.Chance(0.4f) ? s.Cloud : null,
            Second = color * r.Between(0.75f, 1.2f), SpotsFrom = r.Between(0.6f, 1.6f), SpotsSoft = r.Between(0.3f, 1),
            Turned = r.Chance(0.3f) ? r.Between(0.02f, 0.08f) : 0, TurnedRate = r.Between(15, 50),
        };
    }

    public static Rgb AnyColor(SeededRandom r) => r.Next() switch
    {
        < 0.2f => Rgb.Grey(r.Between(0.75f, 0.95f)),
        < 0.38f => Rgb.Grey(r.Between(0.06f, 0.2f)),
        < 0.5f => Rgb.Grey(r.Between(0.2f, 0.75f)).Vary(r, 0.06f),
        _ => Rgb.Hsv(r.Next(), r.Between(0.25f, 0.9f), r.Between(0.3f, 0.95f)),
    };

    public static Paint Plastic(Scene s, SeededRandom r) => new()
    {
        Color = AnyColor(r), Grain = r.Chance(0.5f) ? s.Fine : s.Cloud, GrainAmount = r.Between(0.005f, 0.05f), Gloss = r.Between(0.1f, 0.7f),
        Rough = s.Fine, RoughAmount = r.Between(0, 0.0003f),
    };

    public static Paint Rubber(Scene s, SeededRandom r) => new()
    {
        Color = r.Chance(0.7f) ? Rgb.Grey(r.Between(0.07f, 0.2f)) : AnyColor(r) * 0.7f, Grain = s.Fine, GrainAmount = r.Between(0.04f, 0.15f),
        Gloss = r.Between(0.05f, 0.3f),
        Rough = s.Fine, RoughAmount = r.Between(0, 0.0005f),
    };

    /// <summary>Crust of food: rough, mottled.</summary>
    public static Paint Baked(Scene s, SeededRandom r)
    {
        var color = r.Pick(new Rgb(0.78f, 0.58f, 0.34f), new Rgb(0.66f, 0.45f, 0.24f), new Rgb(0.5f, 0.32f, 0.18f), new Rgb(0.86f, 0.7f, 0.46f),
            new Rgb(0.33f, 0.21f, 0.14f)).Vary(r, 0.12f);
        return new()
        {
            Color = color, Grain = s.Rough, GrainAmount = r.Between(0.05f, 0.16f), Spots = s.Cloud, Second = color * r.Between(0.55f, 0.85f),
            SpotsFrom = r.Between(0.3f, 1.3f), SpotsSoft = 0.8f,
            Rough = s.Rough, RoughAmount = r.Between(0.0006f, 0.0022f), Gloss = r.Between(0.02f, 0.2f),
        };
    }

    /// <summary>Pressed powder.</summary>
    public static Paint Chalk(Scene s, SeededRandom r) => new()
    {
        Color = r.Chance(0.55f) ? Rgb.Grey(r.Between(0.8f, 0.95f)).Vary(r, 0.05f) : Rgb.Hsv(r.Next(), r.Between(0.15f, 0.7f), r.Between(0.65f, 0.95f)),
        Grain = s.Fine, GrainAmount = r.Between(0.01f, 0.06f), Gloss = r.Between(0.02f, 0.3f), Rough = s.Fine, RoughAmount = r.Between(0, 0.0005f),
        Spots = r.Chance(0.35f) ? s.Rough : null, Second = Rgb.Hsv(r.Next(), 0.5f, 0.55f), SpotsFrom = r.Between(1.8f, 2.6f), SpotsSoft = 0.2f,
    };
}
